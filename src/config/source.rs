//! What a configuration is read from: a file and the command line over it.

use crate::model::Level;
use std::path::PathBuf;

/// Where to read. The same value serves each later reread and restart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Source {
    /// `-c` as typed; `None` searches (A1.16).
    pub path: Option<PathBuf>,
    /// The path of the executable, for the search list (A1.16).
    pub argv0: PathBuf,
    /// Where the daemon was started; relative paths are relative to it (A4.143).
    pub cwd: PathBuf,
    /// What the command line sets.
    pub overrides: Overrides,
}

/// Options of the command line, already converted. They beat the file (A1.2).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overrides {
    /// `-n`
    pub nodaemon: bool,
    /// `-s`
    pub silent: bool,
    /// `-k`
    pub nocleanup: bool,
    /// `-t`
    pub strip_ansi: bool,
    /// `-u`, resolved when the configuration is read.
    pub user: Option<String>,
    /// `-m`
    pub umask: Option<u32>,
    /// `-d`
    pub directory: Option<String>,
    /// `-l`
    pub logfile: Option<String>,
    /// `-y`
    pub logfile_maxbytes: Option<i64>,
    /// `-z`
    pub logfile_backups: Option<i64>,
    /// `-e`
    pub loglevel: Option<Level>,
    /// `-j`
    pub pidfile: Option<String>,
    /// `-i`
    pub identifier: Option<String>,
    /// `-q`
    pub childlogdir: Option<String>,
    /// `-a`
    pub minfds: Option<i64>,
    /// `--minprocs`
    pub minprocs: Option<i64>,
}
