//! One run of supervisorctl: the server it talks to, where its lines go and the
//! exit code so far. Runs single lines; the shell and the command line feed it.

use super::commands::{self, Arguments, Check, Command};
use super::input::Input;
use super::line::Line;
use super::{CtlError, exit, login};
use crate::client::{CallError, Credentials, Proxy, Transport};
use crate::model::{API_VERSION, Signal};
use crate::rpc::FaultCode;
use crate::sys::watch::SignalWatch;
use nix::errno::Errno;
use std::io::{self, IsTerminal, Write};

/// The server and how to log in there.
#[derive(Debug, Clone)]
pub struct Server {
    /// As configured; shown in messages.
    pub url: String,
    /// Sent only together with a password (B3.3.1).
    pub username: Option<String>,
    /// As configured.
    pub password: Option<String>,
}

impl Server {
    /// A fresh client of this server.
    ///
    /// # Errors
    /// The URL is none we can call.
    pub fn connect(&self) -> Result<Transport, CallError> {
        let credentials = match (&self.username, &self.password) {
            (Some(username), Some(password)) => {
                Some(Credentials { username: username.clone(), password: password.clone() })
            }
            _ => None,
        };
        Transport::new(&self.url, credentials.as_ref())
    }
}

/// Where lines go and come from. Tests put buffers in.
pub struct Console {
    /// Results and errors of commands (B3.4.1).
    pub out: Box<dyn Write>,
    /// Option, configuration and stream errors.
    pub err: Box<dyn Write>,
    /// What is typed; `None` is standard input.
    pub input: Option<Input>,
}

impl Console {
    /// Our own standard output and error.
    #[must_use]
    pub fn standard() -> Self {
        Self { out: Box::new(io::stdout()), err: Box::new(io::stderr()), input: None }
    }

    /// A line on standard output. Nobody is left to be told when that fails.
    pub fn say(&mut self, line: &str) {
        drop(writeln!(self.out, "{line}"));
    }

    /// A line on standard error.
    pub fn complain(&mut self, line: &str) {
        drop(writeln!(self.err, "{line}"));
    }
}

/// See the module.
pub struct Session {
    /// Who is asked.
    pub server: Server,
    /// Whether questions may be asked.
    pub interactive: bool,
    /// Set by `quit` and its like.
    pub ended: bool,
    console: Console,
    exit: u8,
    proxy: Option<Proxy>,
    /// In the shell, Ctrl-C ends a call that waits.
    watch: Option<SignalWatch>,
}

impl Session {
    /// A session that has run nothing yet.
    #[must_use]
    pub fn new(server: Server, interactive: bool, console: Console) -> Self {
        Self { server, interactive, ended: false, console, exit: exit::SUCCESS, proxy: None, watch: None }
    }

    /// The exit code so far.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.exit
    }

    /// Sets the exit code; the last one set stands.
    pub fn set_exit(&mut self, code: u8) {
        self.exit = code;
    }

    /// A line on standard output.
    pub fn say(&mut self, line: &str) {
        self.console.say(line);
    }

    /// Each line of a text on standard output.
    pub fn say_all(&mut self, lines: &[String]) {
        lines.iter().for_each(|line| self.say(line));
    }

    /// A line on standard error.
    pub fn complain(&mut self, line: &str) {
        self.console.complain(line);
    }

    /// Bytes as they are on standard output, at once.
    ///
    /// # Errors
    /// Nobody reads it any more.
    pub fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.console.out.write_all(bytes)?;
        self.console.out.flush()
    }

    /// The calls; the connection is kept until the end of the command.
    ///
    /// # Errors
    /// The server's URL is none we can call.
    pub fn proxy(&mut self) -> Result<&mut Proxy, CtlError> {
        if self.proxy.is_none() {
            let mut transport = self.server.connect()?;
            if let Some(watch) = &self.watch {
                transport = transport.interrupted_by(watch.try_clone_fd()?);
            }
            self.proxy = Some(Proxy::new(transport));
        }
        self.proxy.as_mut().ok_or(CtlError::EndOfInput)
    }

    /// Whether lines can be edited: somebody types, and sees what is said.
    #[must_use]
    pub fn is_on_terminal(&self) -> bool {
        self.console.input.is_none() && io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Standard input.
    ///
    /// # Errors
    /// It is closed.
    pub fn input(&mut self) -> Result<&mut Input, CtlError> {
        if self.console.input.is_none() {
            self.console.input = Some(Input::stdin()?);
        }
        self.console.input.as_mut().ok_or(CtlError::EndOfInput)
    }

    /// Shows `prompt` and waits for a line.
    ///
    /// # Errors
    /// [`CtlError::EndOfInput`], [`CtlError::Interrupted`].
    pub fn ask(&mut self, prompt: &str) -> Result<String, CtlError> {
        self.pass_on(prompt.as_bytes())?;
        self.input()?.read_line()?.ok_or(CtlError::EndOfInput)
    }

    /// Asks before something grave, if questions may be asked (B3.6.6).
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn confirm(&mut self, question: &str) -> Result<bool, CtlError> {
        Ok(!self.interactive || self.ask(question)?.starts_with(['y', 'Y']))
    }

    /// From now on Ctrl-C ends a waiting call instead of the program.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn catch_interrupts(&mut self) -> io::Result<()> {
        self.watch = Some(SignalWatch::new(&[Signal::INT])?);
        Ok(())
    }

    /// The opposite of [`catch_interrupts`](Self::catch_interrupts).
    pub fn release_interrupts(&mut self) {
        self.watch = None;
    }

    /// Runs one line. Everything that goes wrong is said and kept as the exit
    /// code.
    ///
    /// # Errors
    /// Only [`CtlError::Interrupted`]: the user wants to leave.
    pub fn run_line(&mut self, line: &str) -> Result<(), CtlError> {
        let (text, command, argument) = match Line::parse(line) {
            Line::Empty => return Ok(()),
            Line::Unknown { text } => (text, None, ""),
            Line::Command { word, argument, text } => (text, commands::find(word), argument),
        };
        let Some(command) = command else {
            self.say(&format!("*** Unknown syntax: {text}"));
            self.exit = exit::GENERIC;
            return Ok(());
        };
        loop {
            let result = self.run(command, argument);
            self.proxy = None;
            match self.settle(result) {
                Settled::Done => return Ok(()),
                Settled::Again => {}
                Settled::Leave => return Err(CtlError::Interrupted),
            }
        }
    }

    /// Runs a command with what its row asks for beforehand.
    fn run(&mut self, command: &Command, argument: &str) -> Result<(), CtlError> {
        if command.arguments == Arguments::None && !argument.is_empty() {
            return self.misuse(&format!("Error: {} accepts no arguments", command.name), command.name);
        }
        let down = match command.check {
            Check::Nothing => return (command.run)(self, argument),
            Check::Up => None,
            Check::UpOr(code) => Some(code),
        };
        if self.is_up()? {
            return (command.run)(self, argument);
        }
        self.exit = down.unwrap_or(self.exit);
        Ok(())
    }

    /// Runs the command of that name within another one.
    ///
    /// # Errors
    /// As the command itself.
    pub fn run_within(&mut self, name: &str, argument: &str) -> Result<(), CtlError> {
        commands::find(name).map_or(Ok(()), |command| self.run(command, argument))
    }

    /// Talks to another server from now on, with the same name and password.
    pub fn switch_server(&mut self, url: &str) {
        self.server.url = url.to_owned();
        self.proxy = None;
    }

    /// Says what is wrong with the arguments, and the command's help.
    ///
    /// # Errors
    /// None; it is for the end of a command's function.
    pub fn misuse(&mut self, sentence: &str, command: &str) -> Result<(), CtlError> {
        self.say(sentence);
        self.exit = exit::GENERIC;
        if let Some(row) = commands::find(command) {
            self.say(row.help);
        }
        Ok(())
    }

    /// What a command's end means: whether it was said all right, has to be run
    /// again with a password, or ends the session.
    fn settle(&mut self, result: Result<(), CtlError>) -> Settled {
        let error = match result {
            Ok(()) => return Settled::Done,
            Err(CtlError::Interrupted) => return Settled::Leave,
            Err(error) => error,
        };
        let error = if error.wants_login() {
            self.say("Server requires authentication");
            if self.interactive {
                match login::ask(self) {
                    Ok(()) => return Settled::Again,
                    Err(CtlError::Interrupted) => return Settled::Leave,
                    Err(error) => error,
                }
            } else {
                error
            }
        } else {
            error
        };
        self.say(&format!("error: {}, {error}: file: {} line: {}", error.python_type(), file!(), line!()));
        self.exit = exit::GENERIC;
        Settled::Done
    }

    /// The check before most commands (B3.5): whether a daemon answers that we
    /// understand. If not, that is said.
    fn is_up(&mut self) -> Result<bool, CtlError> {
        let url = self.server.url.clone();
        let (sentence, code) = match self.proxy()?.api_version() {
            Ok(version) if version == API_VERSION => return Ok(true),
            Ok(version) => (
                format!(
                    "Sorry, this version of supervisorctl expects to talk to a server with API version \
                     {API_VERSION}, but the remote version is {version}."
                ),
                exit::NOT_INSTALLED,
            ),
            Err(error) if error.fault_code() == Some(FaultCode::UnknownMethod as i32) => (
                "Sorry, supervisord responded but did not recognize the supervisor namespace commands that \
                 supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is \
                 enabled in the configuration file (see sample.conf)."
                    .to_owned(),
                exit::UNIMPLEMENTED_FEATURE,
            ),
            Err(error) if error.is_errno(Errno::ECONNREFUSED) => {
                (format!("{url} refused connection"), exit::INSUFFICIENT_PRIVILEGES)
            }
            Err(error) if error.is_errno(Errno::ENOENT) => (format!("{url} no such file"), exit::NOT_RUNNING),
            Err(error) => return Err(error.into()),
        };
        self.say(&sentence);
        self.exit = code;
        Ok(false)
    }
}

/// What follows a command.
enum Settled {
    Done,
    Again,
    Leave,
}
