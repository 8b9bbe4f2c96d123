//! Everything a child needs between clone and exec, made ready in the parent.
//!
//! The child may not allocate and may not look up a name, so strings end in
//! NUL here, pointer arrays are built here, and so are the sentences it would
//! say if it failed. Starts nothing.

use super::user::User;
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::raw::c_char;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::ptr;
use thiserror::Error;

/// Longest name shown in a failure text. The text goes into a pipe that nobody
/// reads yet, so it must fit into an empty one.
const SHOWN_NAME: usize = 2048;

/// What is to be started, as plain data.
#[derive(Debug, Clone)]
pub struct ChildSpec<'fd> {
    /// The file to execute, as found by the caller.
    pub program: PathBuf,
    /// The words of the command; the first is what was written, not `program`.
    pub argv: Vec<OsString>,
    /// The whole environment. Later duplicates are passed on as they are.
    pub env: Vec<(OsString, OsString)>,
    /// Whom to run as; `None` stays.
    pub user: Option<ChildUser>,
    /// Entered as that user.
    pub directory: Option<PathBuf>,
    /// `None` inherits.
    pub umask: Option<u32>,
    /// Becomes fd 0.
    pub stdin: BorrowedFd<'fd>,
    /// Becomes fd 1.
    pub stdout: BorrowedFd<'fd>,
    /// Becomes fd 2; may be the same as `stdout`.
    pub stderr: BorrowedFd<'fd>,
    /// Descriptors from 3 up to here are closed one by one where the kernel
    /// cannot close all at once.
    pub minfds: u32,
}

/// Whom to run as, looked up before the child exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildUser {
    /// Found.
    Known {
        /// Number.
        uid: u32,
        /// Primary group.
        gid: u32,
        /// All groups, the primary one first.
        groups: Vec<u32>,
    },
    /// Not in the passwd data base (any more): the child says so and ends.
    Unknown {
        /// Number.
        uid: u32,
    },
}

impl ChildUser {
    /// Looks the user and its groups up. Groups that cannot be read are none
    /// but the primary.
    #[must_use]
    pub fn look_up(uid: u32) -> Self {
        match User::by_uid(uid) {
            Some(user) => {
                let groups = user.groups().unwrap_or_else(|_| vec![user.gid]);
                Self::Known { uid, gid: user.gid, groups }
            }
            None => Self::Unknown { uid },
        }
    }

    fn uid(&self) -> u32 {
        match self {
            Self::Known { uid, .. } | Self::Unknown { uid } => *uid,
        }
    }
}

/// Why no plan can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A text cannot be handed to the kernel, since NUL ends texts there.
    #[error("{what} contains a NUL character")]
    Nul {
        /// Which text.
        what: &'static str,
    },
}

/// A child made ready. Borrows the descriptors it will give to the child.
#[derive(Debug)]
pub struct ChildPlan<'fd> {
    pub(super) program: CString,
    pub(super) argv: Pointers,
    pub(super) envp: Pointers,
    pub(super) user: Option<ChildUser>,
    pub(super) directory: Option<CString>,
    pub(super) umask: Option<u32>,
    pub(super) stdio: [BorrowedFd<'fd>; 3],
    pub(super) minfds: u32,
    /// What is said in front of the reason when a step fails.
    pub(super) says: Says,
}

/// The beginnings of the failure texts (A4.67).
#[derive(Debug)]
pub(super) struct Says {
    pub(super) setuid: Vec<u8>,
    pub(super) unknown_uid: Vec<u8>,
    pub(super) chdir: Vec<u8>,
    pub(super) exec: Vec<u8>,
}

impl<'fd> ChildPlan<'fd> {
    /// Makes everything ready.
    ///
    /// # Errors
    /// A NUL character in any of the texts.
    pub fn new(spec: ChildSpec<'fd>) -> Result<Self, PlanError> {
        let says = Says::new(&spec);
        let argv = spec.argv.into_iter().map(|word| c_string(word, "an argument"));
        let env = spec.env.into_iter().map(|(name, value)| {
            let mut pair = name;
            pair.push("=");
            pair.push(value);
            c_string(pair, "an environment variable")
        });
        let directory = spec.directory.map(|path| c_string(path.into(), "the directory"));
        Ok(Self {
            program: c_string(spec.program.into(), "the command")?,
            argv: Pointers::new(argv.collect::<Result<_, _>>()?),
            envp: Pointers::new(env.collect::<Result<_, _>>()?),
            user: spec.user,
            directory: directory.transpose()?,
            umask: spec.umask,
            stdio: [spec.stdin, spec.stdout, spec.stderr],
            minfds: spec.minfds,
            says,
        })
    }
}

impl Says {
    fn new(spec: &ChildSpec<'_>) -> Self {
        let uid = spec.user.as_ref().map(ChildUser::uid).unwrap_or_default();
        let word = spec.argv.first().map(OsString::as_os_str).unwrap_or_default();
        let directory = spec.directory.as_deref().map(Path::as_os_str).unwrap_or_default();
        Self {
            setuid: format!("supervisor: couldn't setuid to {uid}: ").into(),
            unknown_uid: format!("supervisor: couldn't setuid to {uid}: Can't find uid {uid}").into(),
            chdir: saying("supervisor: couldn't chdir to ", directory),
            exec: saying("supervisor: couldn't exec ", word),
        }
    }
}

fn saying(what: &str, name: &OsStr) -> Vec<u8> {
    let name = name.as_bytes().get(..SHOWN_NAME).unwrap_or(name.as_bytes());
    [what.as_bytes(), name, b": "].concat()
}

fn c_string(text: OsString, what: &'static str) -> Result<CString, PlanError> {
    CString::new(text.into_vec()).map_err(|_| PlanError::Nul { what })
}

/// A list of C strings as `execve` wants it: pointers, then a null.
#[derive(Debug)]
pub(super) struct Pointers {
    list: Vec<*const c_char>,
    /// Owns what the pointers point at; never changed, so they stay right.
    _texts: Vec<CString>,
}

impl Pointers {
    fn new(texts: Vec<CString>) -> Self {
        let list = texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Self { list, _texts: texts }
    }

    pub(super) fn as_ptr(&self) -> *const *const c_char {
        self.list.as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::{ChildPlan, ChildSpec, ChildUser, PlanError, SHOWN_NAME};
    use crate::sys::fds::pipe_cloexec;
    use std::ffi::OsString;
    use std::os::fd::AsFd;

    #[test]
    fn a_nul_anywhere_is_refused_before_there_is_a_child() {
        let (fd, _other) = pipe_cloexec().unwrap();
        let fd = fd.as_fd();
        let good = || ChildSpec {
            program: "/bin/true".into(),
            argv: vec!["true".into()],
            env: vec![("A".into(), "1".into())],
            user: None,
            directory: Some("/".into()),
            umask: None,
            stdin: fd,
            stdout: fd,
            stderr: fd,
            minfds: 64,
        };
        let refused = |spec| ChildPlan::new(spec).err().map(|PlanError::Nul { what }| what);
        let bad = || OsString::from("a\0b");
        assert_eq!(refused(good()), None);
        assert_eq!(refused(ChildSpec { program: bad().into(), ..good() }), Some("the command"));
        assert_eq!(refused(ChildSpec { argv: vec![bad()], ..good() }), Some("an argument"));
        assert_eq!(refused(ChildSpec { env: vec![("A".into(), bad())], ..good() }), Some("an environment variable"));
        assert_eq!(refused(ChildSpec { directory: Some(bad().into()), ..good() }), Some("the directory"));

        let long = ChildSpec { argv: vec!["x".repeat(1 << 17).into()], ..good() };
        let exec = ChildPlan::new(long).unwrap().says.exec;
        assert!(exec.len() < SHOWN_NAME + 64, "the text must fit into an empty pipe");
    }

    #[test]
    fn a_user_comes_with_its_groups_and_an_unknown_one_is_kept_as_such() {
        assert!(
            matches!(ChildUser::look_up(0), ChildUser::Known { uid: 0, gid: 0, groups } if groups.first() == Some(&0))
        );
        assert_eq!(ChildUser::look_up(u32::MAX - 7), ChildUser::Unknown { uid: u32::MAX - 7 });
    }
}
