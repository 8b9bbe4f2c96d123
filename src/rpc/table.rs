//! The shape of the generated table of methods, and finding a row in it. What
//! stands in the rows is `rpc-spec/`'s business.

use super::spec;

/// One method that can be called.
#[derive(Debug)]
pub struct Method {
    /// Without its namespace.
    pub name: &'static str,
    /// The method that does the same under its main name.
    pub alias_of: Option<&'static str>,
    /// In order.
    pub params: &'static [Param],
    /// The type that it answers.
    pub returns: &'static str,
    /// What `system.methodHelp` answers.
    pub help: &'static str,
}

/// One parameter of a method.
#[derive(Debug)]
pub struct Param {
    /// As the help shows it.
    pub name: &'static str,
    /// As `system.methodSignature` answers it.
    pub kind: &'static str,
    /// It may be left out.
    pub optional: bool,
}

/// A namespace is the system's own, one of the configured ones, or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// `system`
    System,
    /// The `x` of a `[rpcinterface:x]`; each serves the same methods.
    Supervisor,
    /// `ext`, what upstream has not; served beside any of the configured ones.
    Ext,
}

impl Method {
    /// The name that decides what happens: an alias acts as its main method.
    #[must_use]
    pub fn main_name(&self) -> &'static str {
        self.alias_of.unwrap_or(self.name)
    }

    /// Whether it can be called with `count` parameters (B1.1.5).
    #[must_use]
    pub fn takes(&self, count: usize) -> bool {
        let needed = self.params.iter().filter(|param| !param.optional).count();
        (needed..=self.params.len()).contains(&count)
    }
}

/// The method of a full name: two parts, a known namespace, exact case
/// (B1.1.1–B1.1.4). `namespaces` are those of the configuration.
#[must_use]
pub fn find(full_name: &str, namespaces: &[String]) -> Option<(Namespace, &'static Method)> {
    let (namespace, name) = full_name.split_once('.')?;
    let (namespace, methods) = match namespace {
        "system" => (Namespace::System, spec::SYSTEM),
        other if namespaces.iter().any(|known| known == other) => (Namespace::Supervisor, spec::SUPERVISOR),
        "ext" if !namespaces.is_empty() => (Namespace::Ext, spec::EXT),
        _ => return None,
    };
    // The rows are sorted; a second dot or a leading underscore is in no name.
    let row = methods.binary_search_by(|method| method.name.cmp(name)).ok()?;
    methods.get(row).map(|method| (namespace, method))
}
