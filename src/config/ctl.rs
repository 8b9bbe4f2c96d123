//! The control client's view of a file: `[supervisorctl]` and the names of its
//! plug-ins (B3.2, B4.2). Includes are not followed (B3.2.7).

use super::error::ConfigError;
use super::expand::Names;
use super::files;
use super::ini::Place;
use super::keys::Key;
use super::keys::plugin::CTL_FACTORY;
use super::keys::supervisorctl as keys;
use super::paths;
use super::reading::Reading;
use super::world::World;
use std::path::{Path, PathBuf};

const SECTION: &str = "supervisorctl";

/// What the file says; the command line goes over it.
#[derive(Clone, PartialEq, Eq)]
pub struct CtlConfig {
    /// The file, absolute; `None` if there is none at the usual places.
    pub path: Option<PathBuf>,
    /// A path behind `unix://` is absolute and normal; any other text is as written.
    pub serverurl: String,
    /// Where the server is written, or else where the section begins; `None`
    /// without a file.
    pub serverurl_place: Option<Place>,
    /// May be empty.
    pub username: Option<String>,
    /// May be empty.
    pub password: Option<String>,
    /// Where the password is written, if it is.
    pub password_place: Option<Place>,
    /// In front of each command.
    pub prompt: String,
    /// Absolute.
    pub history_file: Option<PathBuf>,
    /// In the order of their sections.
    pub plugins: Vec<CtlPlugin>,
}

/// A `[ctlplugin:x]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CtlPlugin {
    /// The whole name.
    pub section: String,
    /// `module:callable`
    pub factory: String,
}

impl std::fmt::Debug for CtlConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CtlConfig")
            .field("path", &self.path)
            .field("serverurl", &self.serverurl)
            .finish_non_exhaustive()
    }
}

impl Default for CtlConfig {
    /// Without any file (B3.2.2).
    fn default() -> Self {
        let text = |key: &Key| key.default.unwrap_or_default().to_owned();
        Self {
            path: None,
            serverurl: text(&keys::SERVERURL),
            serverurl_place: None,
            username: None,
            password: None,
            password_place: None,
            prompt: text(&keys::PROMPT),
            history_file: None,
            plugins: Vec::new(),
        }
    }
}

/// Reads `path`, or the first file of the search list, or nothing.
///
/// # Errors
/// [`ConfigError`] with the sentence for the user.
pub fn load_ctl_from(path: Option<&Path>, argv0: &Path, world: &dyn World) -> Result<CtlConfig, ConfigError> {
    let shown = match path {
        Some(path) => path.to_string_lossy().into_owned(),
        None => match files::find(&argv0.to_string_lossy(), world) {
            Ok(found) => found,
            Err(_) => return Ok(CtlConfig::default()),
        },
    };
    let files = files::read_root(&shown, world)?;
    if !files.sections.has(SECTION) {
        return Err(ConfigError::NoSection(SECTION));
    }
    let reading = Reading { sections: &files.sections, here: &files.here, root: &files.shown, world };
    let mut names = Names::default();
    names.add_environment(&world.environment());
    let with_here = Names::over(&names).with("here", &files.here);
    let serverurl = reading.text(SECTION, &keys::SERVERURL, &with_here)?.unwrap_or_default();
    let prompt = reading.text(SECTION, &keys::PROMPT, &names)?.unwrap_or_default();
    let username = reading.text(SECTION, &keys::USERNAME, &names)?;
    let password = reading.text(SECTION, &keys::PASSWORD, &names)?;
    let history = reading.text(SECTION, &keys::HISTORY_FILE, &with_here)?.filter(|path| !path.is_empty());
    let place = |key: &Key| files.sections.place(SECTION, key.name);
    Ok(CtlConfig {
        path: Some(PathBuf::from(&files.path)),
        serverurl: match serverurl.strip_prefix("unix://") {
            Some(path) => format!("unix://{}", paths::normalize(path, world)),
            None => serverurl,
        },
        serverurl_place: place(&keys::SERVERURL).or_else(|| files.sections.header(SECTION)),
        username,
        password,
        password_place: place(&keys::PASSWORD),
        prompt,
        history_file: history.map(|path| PathBuf::from(paths::normalize(&path, world))),
        plugins: plugins(&reading, &names)?,
    })
}

fn plugins(reading: &Reading<'_>, names: &Names<'_>) -> Result<Vec<CtlPlugin>, ConfigError> {
    let plugin = |section: &str| {
        let missing = || ConfigError::NoFactory { section: section.to_owned(), key: CTL_FACTORY.name };
        let factory = reading.text(section, &CTL_FACTORY, names)?.ok_or_else(missing)?;
        Ok(CtlPlugin { section: section.to_owned(), factory })
    };
    reading.with_prefix("ctlplugin:").map(plugin).collect()
}

#[cfg(test)]
mod tests {
    use super::{CtlConfig, load_ctl_from};
    use crate::config::fake::Fake;
    use std::path::Path;

    const PATH: &str = "/etc/sv/s.conf";

    fn read(text: &str) -> Result<CtlConfig, String> {
        let world = Fake::new().file(PATH, text).env("HOME", "/homes/me").env("X", "ex");
        load_ctl_from(Some(Path::new(PATH)), Path::new("ctl"), &world).map_err(|error| error.to_string())
    }

    /// B3.2.2, B3.2.4
    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = load_ctl_from(None, Path::new("/opt/bin/supervisorctl"), &Fake::new()).unwrap();
        assert_eq!(config, CtlConfig::default());
        assert_eq!((config.serverurl.as_str(), config.prompt.as_str()), ("http://localhost:9001", "supervisor"));
        let world = Fake::new().file("/opt/supervisord.conf", "[supervisorctl]\nprompt=found\n");
        let found = load_ctl_from(None, Path::new("/opt/bin/supervisorctl"), &world).unwrap();
        assert_eq!((found.prompt.as_str(), found.path), ("found", Some("/opt/supervisord.conf".into())));
    }

    /// A2.40, B3.2.7: what an included file says is for the daemon alone
    #[test]
    fn includes_are_not_followed() {
        let text = "[supervisorctl]\nprompt=root\n[include]\nfiles=more.conf\n";
        let more = "[supervisorctl]\nprompt=included\n";
        let world = Fake::new().file(PATH, text).file("/etc/sv/more.conf", more);
        let config = load_ctl_from(Some(Path::new(PATH)), Path::new("ctl"), &world).unwrap();
        assert_eq!(config.prompt, "root");
    }

    /// B3.2.4, B3.2.5, B3.2.6
    #[test]
    fn values_are_expanded_and_paths_made_absolute() {
        let config = read(
            "[supervisorctl]\nserverurl=unix://%(here)s/../s.sock ; comment\nusername=%(ENV_X)s\npassword=\n\
             prompt=%(ENV_X)s\nhistory_file=~/h\n",
        )
        .unwrap();
        assert_eq!(config.serverurl, "unix:///etc/s.sock");
        assert_eq!((config.username.as_deref(), config.password.as_deref()), (Some("ex"), Some("")));
        assert_eq!((config.prompt.as_str(), config.history_file), ("ex", Some("/homes/me/h".into())));
        assert_eq!(read("[supervisorctl]\nserverurl=unix://rel/../s.sock").unwrap().serverurl, "unix:///start/s.sock");
        assert_eq!(read("[supervisorctl]\nserverurl=bogus\nhistory_file=").unwrap().serverurl, "bogus");
        let error = read("[supervisorctl]\nprompt=%(here)s x").unwrap_err();
        let sentence = "Format string '%(here)s x' for 'supervisorctl.prompt' contains names ('here') which cannot be \
                        expanded. Available names: ENV_HOME, ENV_X";
        assert_eq!(error, sentence);
    }

    #[test]
    fn the_lines_of_server_and_password_are_known() {
        let places = |text| {
            let config = read(text).unwrap();
            [config.serverurl_place, config.password_place].map(|place| place.map(|place| (place.file, place.line)))
        };
        let line = |line| Some((PATH.to_owned(), line));
        assert_eq!(places("[supervisorctl]\npassword=x\n\nserverurl=http://h:1\n"), [line(4), line(2)]);
        assert_eq!(places("; first\n[supervisorctl]\n"), [line(2), None]);
    }

    /// B3.2.2, B3.2.3, B3.2.8
    #[test]
    fn a_file_without_the_section_is_refused() {
        assert_eq!(read("[supervisord]\n").unwrap_err(), ".ini file does not include supervisorctl section");
        assert!(read("bad\n").unwrap_err().starts_with("File contains no section headers."));
        let missing = load_ctl_from(Some(Path::new("x")), Path::new("ctl"), &Fake::new()).unwrap_err();
        assert_eq!(missing.to_string(), "could not find config file x");
    }

    /// B4.2.1
    #[test]
    fn plugins_are_listed() {
        let text = "[supervisorctl]\n[ctlplugin:a]\nsupervisor.ctl_factory=m:f\nextra=1\n";
        let plugins = read(text).unwrap().plugins;
        assert_eq!((plugins[0].section.as_str(), plugins[0].factory.as_str()), ("ctlplugin:a", "m:f"));
        let missing = read("[supervisorctl]\n[ctlplugin:x]\n").unwrap_err();
        assert_eq!(missing, "section [ctlplugin:x] does not specify a supervisor.ctl_factory");
    }
}
