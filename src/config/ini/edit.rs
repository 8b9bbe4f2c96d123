//! Sections taken apart and changed, as a check of them needs it. Reading and
//! building never do this.

use super::Sections;

impl Sections {
    /// At which place a file was read; those that were not come last.
    #[must_use]
    pub fn order_of(&self, file: &str) -> usize {
        self.files.iter().position(|known| known == file).unwrap_or(self.files.len())
    }

    /// The sections of these names alone, with `[DEFAULT]`.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let mut some = Self { files: self.files.clone(), ..Self::new() };
        for name in names.iter().copied().chain([Self::DEFAULT]) {
            if let Some(options) = self.store.get_map_ref().get(name) {
                some.store.get_mut_map().insert(name.to_owned(), options.clone());
            }
            if let Some(places) = self.places.get(name) {
                some.places.insert(name.to_owned(), places.clone());
            }
            if let Some(header) = self.headers.get(name) {
                some.headers.insert(name.to_owned(), *header);
            }
        }
        some
    }

    /// Puts another value in the place of an option, or a new one.
    pub fn set(&mut self, section: &str, key: &str, value: &str) {
        let options = self.store.get_mut_map().entry(section.to_owned()).or_default();
        options.insert(key.to_owned(), Some(value.to_owned()));
    }

    /// Takes an option out of its section, or of `[DEFAULT]` if it has none.
    pub fn remove(&mut self, section: &str, key: &str) {
        let map = self.store.get_mut_map();
        let own = map.get_mut(section).and_then(|options| options.shift_remove(key));
        if own.is_none() {
            map.get_mut(Self::DEFAULT).and_then(|options| options.shift_remove(key));
        }
    }
}
