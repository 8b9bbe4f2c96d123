//! The servers that are compared, each a process of its own in a folder of its own.

use std::fmt::{self, Display};
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Until a server takes connections; the reference reads 1,000 programs slowly.
const START: Duration = Duration::from_secs(60);

/// Which of its two sockets is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Unix,
    Tcp,
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix",
            Self::Tcp => "TCP",
        })
    }
}

/// Where to connect.
pub(crate) enum Address {
    Unix(PathBuf),
    Tcp(u16),
}

/// A server that runs until this is dropped.
pub(crate) struct Server {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// The daemon of this package.
    pub(crate) fn ours(programs: usize) -> Self {
        Self::daemon(Path::new(env!("CARGO_BIN_EXE_supervisord")), programs)
    }

    /// The reference, from `SUPERVISOR_THEIRS` or from where `make test` puts it.
    pub(crate) fn theirs(programs: usize) -> Option<Self> {
        let installed = || Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin");
        let folder = std::env::var_os("SUPERVISOR_THEIRS").map_or_else(installed, PathBuf::from);
        let command = folder.join("supervisord");
        command.exists().then(|| Self::daemon(&command, programs))
    }

    /// A bare hyper server whose answers have that length.
    pub(crate) fn bare(length: usize) -> Self {
        let own = std::env::current_exe().unwrap();
        Self::start(|folder, port| {
            let mut command = Command::new(own);
            command.arg("--bare").arg(folder.join("sock")).arg(port.to_string()).arg(length.to_string());
            command
        })
    }

    /// One program runs, the others wait.
    fn daemon(binary: &Path, programs: usize) -> Self {
        Self::start(|folder, port| {
            let mut text = format!(
                "[supervisord]\nlogfile={0}/log\npidfile={0}/pid\nchildlogdir={0}\n[unix_http_server]\nfile={0}/sock\n\
                 [inet_http_server]\nport=127.0.0.1:{port}\n[rpcinterface:supervisor]\n\
                 supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\
                 [program:up]\ncommand=/bin/sleep 100000\nstartsecs=0\nstdout_logfile=NONE\nstderr_logfile=NONE\n",
                folder.display()
            );
            for number in 1..programs {
                text += &format!(
                    "[program:p{number}]\ncommand=/bin/sleep 100000\nautostart=false\nstdout_logfile={0}/p{number}.log\n\
                     stderr_logfile={0}/p{number}.err\n",
                    folder.display()
                );
            }
            fs::write(folder.join("s.conf"), text).unwrap();
            let mut command = Command::new(binary);
            command.arg("-n").arg("-c").arg(folder.join("s.conf"));
            command
        })
    }

    fn start(command: impl FnOnce(&Path, u16) -> Command) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("bench-rpc-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = command(&folder, port);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + START;
        while UnixStream::connect(folder.join("sock")).is_err() {
            assert!(Instant::now() < end, "{command:?} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        // The program that starts at boot, and what else a start has to do.
        std::thread::sleep(Duration::from_secs(2));
        Self { process, folder, port }
    }

    /// Its address.
    pub(crate) fn at(&self, place: Place) -> Address {
        match place {
            Place::Unix => Address::Unix(self.folder.join("sock")),
            Place::Tcp => Address::Tcp(self.port),
        }
    }

    /// Time that all its threads have used.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let of_task = |task: std::io::Result<fs::DirEntry>| {
            let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.filter_map(of_task).sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A daemon ends its program when it is asked to.
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}
