//! One run of supervisorctl: the server it talks to, where its lines go and the
//! exit code so far. Runs single lines; the shell and the command line feed it.

mod telling;

use super::commands::{self, Arguments, Check, Command};
use super::console::Console;
use super::input::Input;
use super::line::Line;
use super::report::Report;
use super::server::{self, Server};
use super::style::Style;
use super::{CtlError, exit, input, login};
use crate::client::Proxy;
use crate::config::ini::Place;
use crate::model::Signal;
use crate::sys::watch::SignalWatch;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

/// See the module.
pub struct Session {
    /// Who is asked.
    pub server: Server,
    /// Whether questions may be asked.
    pub interactive: bool,
    /// Set by `quit` and its like.
    pub ended: bool,
    /// Colours, if any are wanted.
    pub style: Style,
    /// The configuration file in use, to look into when the daemon does not answer.
    pub config_file: Option<PathBuf>,
    console: Console,
    /// Our own standard input, once a command has read from it.
    stdin: Option<Input>,
    exit: u8,
    proxy: Option<Proxy>,
    /// In the shell, Ctrl-C ends a call that waits.
    watch: Option<SignalWatch>,
    /// What ends one in a command that holds signals back itself.
    interrupt: Option<OwnedFd>,
    /// The document of a command that was asked for one.
    report: Option<Report>,
}

impl Session {
    /// A session that has run nothing yet.
    #[must_use]
    pub fn new(server: Server, interactive: bool, console: Console) -> Self {
        Self {
            server,
            interactive,
            ended: false,
            style: Style::PLAIN,
            config_file: None,
            console,
            stdin: None,
            exit: exit::SUCCESS,
            proxy: None,
            watch: None,
            interrupt: None,
            report: None,
        }
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

    /// Waits; in a shell Ctrl-C ends it.
    ///
    /// # Errors
    /// [`CtlError::Interrupted`]
    pub fn pause(&self, span: Duration) -> Result<(), CtlError> {
        match &self.watch {
            Some(watch) if input::wait_for(watch.as_fd(), span)? => Err(CtlError::Interrupted),
            Some(_) => Ok(()),
            None => {
                std::thread::sleep(span);
                Ok(())
            }
        }
    }

    /// The calls; the connection is kept until the end of the command.
    ///
    /// # Errors
    /// The server's URL is none we can call.
    pub fn proxy(&mut self) -> Result<&mut Proxy, CtlError> {
        let proxy = match self.proxy.take() {
            Some(proxy) => proxy,
            None => self.connect()?,
        };
        Ok(self.proxy.insert(proxy))
    }

    fn connect(&self) -> Result<Proxy, CtlError> {
        let transport = self.server.connect()?;
        let interrupt = match (&self.interrupt, &self.watch) {
            (Some(fd), _) => Some(fd.try_clone()?),
            (None, watch) => watch.as_ref().map(SignalWatch::try_clone_fd).transpose()?,
        };
        Ok(Proxy::new(match interrupt {
            Some(fd) => transport.interrupted_by(fd),
            None => transport,
        }))
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
        if let Some(input) = &mut self.console.input {
            return Ok(input);
        }
        let stdin = match self.stdin.take() {
            Some(stdin) => stdin,
            None => Input::stdin()?,
        };
        Ok(self.stdin.insert(stdin))
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

    /// Until the end of the command the signals of `watch`, which it holds back,
    /// end a call that waits: otherwise nothing would, when the daemon hangs.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn end_calls_by(&mut self, watch: &SignalWatch) -> io::Result<()> {
        self.interrupt = Some(watch.try_clone_fd()?);
        self.proxy = None;
        Ok(())
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
            (self.proxy, self.interrupt) = (None, None);
            let settled = self.settle(result);
            if let Some(report) = self.report.take() {
                self.console.say(&report.finish(self.exit).to_string());
            }
            self.ended |= self.is_deaf();
            match settled {
                Settled::Done => return Ok(()),
                Settled::Again => {}
                Settled::Leave => return Err(CtlError::Interrupted),
            }
        }
    }

    /// Runs a command with what its row asks for beforehand.
    fn run(&mut self, command: &Command, argument: &str) -> Result<(), CtlError> {
        let bare = command.json.and_then(|list| Some((command.without_json(argument)?, list)));
        let argument = match &bare {
            Some((bare, list)) => {
                self.report = Some(Report::new(command.name, list));
                bare.as_str()
            }
            None => argument,
        };
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
        self.server.url_place = server::no_file("open");
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
            let help = row.help();
            match &mut self.report {
                Some(report) => report.hint(&help),
                None => self.say(&help),
            }
        }
        Ok(())
    }

    /// What a command's end means: whether it was said all right, has to be run
    /// again with a password, or ends the session.
    fn settle(&mut self, result: Result<(), CtlError>) -> Settled {
        let error = match result {
            Ok(()) => return Settled::Done,
            Err(CtlError::Interrupted) => return Settled::Leave,
            // what cannot be told any more is not told
            Err(_) if self.is_deaf() => {
                self.exit = exit::GENERIC;
                return Settled::Done;
            }
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
        // upstream names the line of its own source that raised the error
        let Place { file, line } = self.server.place_of(&error).clone();
        self.say(&format!("error: {}, {error}: file: {file} line: {line}", error.python_type()));
        self.exit = exit::GENERIC;
        if let CtlError::Call(error) = &error {
            self.advise(error);
        }
        Settled::Done
    }
}

/// What follows a command.
enum Settled {
    Done,
    Again,
    Leave,
}
