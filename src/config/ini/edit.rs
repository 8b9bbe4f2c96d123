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
            let Some((index, _, options)) = self.store.get_map_ref().get_full(name) else { continue };
            if some.store.get_mut_map().insert(name.to_owned(), options.clone()).is_none() {
                some.places.push(self.places.get(index).cloned().unwrap_or_default());
                some.headers.push(self.headers.get(index).copied().flatten());
                some.has_default |= name == Self::DEFAULT;
            }
        }
        some
    }

    /// Puts another value in the place of an option, or a new one.
    pub fn set(&mut self, section: &str, key: &str, value: &str) {
        let options = self.store.get_mut_map().entry(section.to_owned()).or_default();
        options.insert(key.to_owned(), Some(value.to_owned()));
        let count = self.store.get_map_ref().len();
        self.places.resize(count, Vec::new());
        self.headers.resize(count, None);
        self.has_default |= section == Self::DEFAULT;
    }

    /// Takes an option out of its section, or of `[DEFAULT]` if it has none.
    pub fn remove(&mut self, section: &str, key: &str) {
        if !self.remove_own(section, key) {
            self.remove_own(Self::DEFAULT, key);
        }
    }

    fn remove_own(&mut self, section: &str, key: &str) -> bool {
        let Some((index, _, options)) = self.store.get_mut_map().get_full_mut(section) else { return false };
        let Some((option, _, _)) = options.shift_remove_full(key) else { return false };
        if let Some(places) = self.places.get_mut(index).filter(|places| option < places.len()) {
            places.remove(option);
        }
        true
    }
}
