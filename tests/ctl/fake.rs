//! A server that answers from a script and remembers what it was asked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use supervisord::ctl::{self, Console, input::Input};

/// What a call, or a page, is answered with.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Text(&'static str),
    True,
    Xml(String),
    Fault(i32, &'static str),
    Reread([&'static [&'static str]; 3]),
    /// A status other than 200.
    Status(&'static str),
    /// The chunks of an endless page; then the connection ends.
    Stream(&'static [&'static [u8]]),
    /// The connection ends.
    Hangup,
}

pub(crate) fn text(text: &'static str) -> Reply {
    Reply::Text(text)
}

pub(crate) fn fault(code: i32, text: &'static str) -> Reply {
    Reply::Fault(code, text)
}

/// A result list of (group, name, status).
pub(crate) fn results(entries: &[(&str, &str, i32)]) -> Reply {
    let entry = |(group, name, status): &(&str, &str, i32)| {
        structure(&[
            ("name", string(name)),
            ("group", string(group)),
            ("status", int(*status)),
            ("description", string("OK")),
        ])
    };
    Reply::Xml(array(entries.iter().map(entry)))
}

/// Running processes of (group, name).
pub(crate) fn all_processes(names: &[(&str, &str)]) -> Reply {
    let entry = |(group, name): &(&str, &str)| {
        structure(&[
            ("name", string(name)),
            ("group", string(group)),
            ("state", int(20)),
            ("statename", string("RUNNING")),
            ("description", string("pid 1, uptime 0:00:01")),
            ("pid", int(1)),
        ])
    };
    Reply::Xml(array(names.iter().map(entry)))
}

fn string(text: &str) -> String {
    format!("<value><string>{text}</string></value>")
}

fn int(number: i32) -> String {
    format!("<value><int>{number}</int></value>")
}

fn array(values: impl Iterator<Item = String>) -> String {
    format!("<value><array><data>{}</data></array></value>", values.collect::<String>())
}

fn structure(members: &[(&str, String)]) -> String {
    let member = |(name, value): &(&str, String)| format!("<member><name>{name}</name>{value}</member>");
    format!("<value><struct>{}</struct></value>", members.iter().map(member).collect::<String>())
}

#[derive(Default)]
struct Log {
    calls: Vec<String>,
    headers: Vec<(String, String)>,
    connections: usize,
}

type Script = HashMap<String, Reply>;

/// The server, its socket and its folder.
pub(crate) struct Fake {
    folder: PathBuf,
    log: Arc<Mutex<Log>>,
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Fake {
    /// No socket at all.
    pub(crate) fn missing() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ctl-fake-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, log: Arc::default() }
    }

    /// A socket that nobody listens at.
    pub(crate) fn dead() -> Self {
        let fake = Self::missing();
        drop(UnixListener::bind(fake.socket()).unwrap());
        fake
    }

    /// Answers each method, or `method:first argument`, as the script says;
    /// pages by their path, `/` for any other.
    pub(crate) fn new(script: &[(&str, Reply)]) -> Self {
        Self::serving(script.iter().map(|(name, reply)| ((*name).to_owned(), reply.clone())).collect(), None)
    }

    /// Answers everything with one fault.
    pub(crate) fn refusing(code: i32, text: &'static str) -> Self {
        Self::serving(HashMap::new(), Some(Reply::Fault(code, text)))
    }

    fn serving(script: Script, otherwise: Option<Reply>) -> Self {
        let fake = Self::missing();
        let listener = UnixListener::bind(fake.socket()).unwrap();
        let log = Arc::clone(&fake.log);
        let (script, otherwise) = (Arc::new(script), Arc::new(otherwise));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                log.lock().unwrap().connections += 1;
                let (log, script, otherwise) = (Arc::clone(&log), Arc::clone(&script), Arc::clone(&otherwise));
                std::thread::spawn(move || serve(stream, &log, &script, otherwise.as_ref().as_ref()));
            }
        });
        fake
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Puts a file beside the socket.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// Runs supervisorctl against this server: exit code, output, errors.
    pub(crate) fn run(&self, args: &[&str]) -> (u8, String, String) {
        let file = self.write("run.conf", "[supervisorctl]\n");
        let url = self.url();
        self.run_bare(&[&["-c", &file, "-s", &url], args].concat())
    }

    /// The same with `typed` as standard input: exit code and output.
    pub(crate) fn run_typed(&self, args: &[&str], typed: &str) -> (u8, String) {
        let file = self.write("run.conf", "[supervisorctl]\n");
        let url = self.url();
        let (code, out, _) = run(&[&["-c", &file, "-s", &url], args].concat(), typed);
        (code, String::from_utf8(out).unwrap())
    }

    /// The same on a terminal, without colours: exit code and output.
    pub(crate) fn run_on_terminal(&self, args: &[&str]) -> (u8, String) {
        let file = self.write("run.conf", "[supervisorctl]\n");
        let url = self.url();
        let (code, out, _) = run_at(&[&["-c", &file, "-s", &url, "--color=never"], args].concat(), "", true);
        (code, String::from_utf8(out).unwrap())
    }

    /// The same without text decoding: exit code and output.
    pub(crate) fn run_raw(&self, args: &[&str]) -> (u8, Vec<u8>) {
        let file = self.write("run.conf", "[supervisorctl]\n");
        let url = self.url();
        let (code, out, _) = run(&[&["-c", &file, "-s", &url], args].concat(), "");
        (code, out)
    }

    /// Runs supervisorctl with just these words. The line that says what to do is
    /// left out of the errors: upstream has none, and [`Self::hint`] shows it.
    pub(crate) fn run_bare(&self, args: &[&str]) -> (u8, String, String) {
        let (code, out, err) = run(args, "");
        let err: String = String::from_utf8(err).unwrap().split_inclusive('\n').filter(|l| !is_hint(l)).collect();
        (code, String::from_utf8(out).unwrap(), err)
    }

    /// The line that says what to do.
    pub(crate) fn hint(&self, args: &[&str]) -> Option<String> {
        let file = self.write("run.conf", "[supervisorctl]\n");
        let url = self.url();
        let (_, _, err) = run(&[&["-c", &file, "-s", &url], args].concat(), "");
        String::from_utf8(err).unwrap().lines().find(|line| is_hint(line)).map(str::to_owned)
    }

    /// The calls since the last look, by method, with the first argument if any.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap().calls)
    }

    /// All values of a header that came.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn is_hint(line: &str) -> bool {
    line.starts_with("hint: ")
}

fn run(args: &[&str], typed: &str) -> (u8, Vec<u8>, Vec<u8>) {
    run_at(args, typed, false)
}

fn run_at(args: &[&str], typed: &str, terminal: bool) -> (u8, Vec<u8>, Vec<u8>) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(typed.as_bytes()).unwrap();
    drop(writer);
    let input = Some(Input::new(File::from(OwnedFd::from(reader))));
    let console = Console { terminal, ..Console::to(Box::new(out.clone()), Box::new(err.clone()), input) };
    let args: Vec<String> = args.iter().map(|word| (*word).to_owned()).collect();
    let code = ctl::run(&args, "/opt/bin/supervisorctl", console);
    let taken = |buffer: &Buffer| buffer.0.lock().unwrap().clone();
    (code, taken(&out), taken(&err))
}

fn serve(stream: UnixStream, log: &Mutex<Log>, script: &Script, otherwise: Option<&Reply>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some((request_line, body)) = read_request(&mut reader, log) {
        let path = request_line.split(' ').nth(1).unwrap_or_default();
        let keys = if path == "/RPC2" { call_names(&body) } else { vec![path.to_owned(), "/".to_owned()] };
        log.lock().unwrap().calls.extend(keys.first().cloned());
        let reply = keys.iter().find_map(|key| script.get(key)).or(otherwise);
        let Some(answer) = reply.and_then(render) else { break };
        if writer.write_all(&answer).is_err() || matches!(reply, Some(Reply::Stream(_))) {
            break;
        }
    }
}

fn read_request(reader: &mut impl BufRead, log: &Mutex<Log>) -> Option<(String, String)> {
    let mut request_line = String::new();
    reader.read_line(&mut request_line).ok().filter(|count| *count > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
        log.lock().unwrap().headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((request_line.trim().to_owned(), String::from_utf8(body).unwrap()))
}

/// `method:first argument` and `method`; only the last when it has none.
fn call_names(body: &str) -> Vec<String> {
    let between = |start: &str, end: &str| Some(body.split_once(start)?.1.split_once(end)?.0.to_owned());
    let method = between("<methodName>supervisor.", "</methodName>").unwrap();
    let first = between("<string>", "</string>").map(|argument| format!("{method}:{argument}"));
    first.into_iter().chain([method]).collect()
}

fn render(reply: &Reply) -> Option<Vec<u8>> {
    let value = match reply {
        Reply::Hangup => return None,
        Reply::Status(status) => {
            return Some(format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nsorry").into_bytes());
        }
        Reply::Stream(chunks) => return Some(render_stream(chunks)),
        Reply::Fault(code, text) => {
            let fault = structure(&[("faultCode", int(*code)), ("faultString", string(text))]);
            return Some(render_xml(&format!("<fault>{fault}</fault>")));
        }
        Reply::Text(text) => string(text),
        Reply::True => "<value><boolean>1</boolean></value>".to_owned(),
        Reply::Xml(value) => value.clone(),
        Reply::Reread(lists) => {
            let list = |names: &&[&str]| array(names.iter().map(|name| string(name)));
            array([array(lists.iter().map(list))].into_iter())
        }
    };
    Some(render_xml(&format!("<params><param>{value}</param></params>")))
}

fn render_xml(inner: &str) -> Vec<u8> {
    let body = format!("<?xml version='1.0'?><methodResponse>{inner}</methodResponse>");
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn render_stream(chunks: &[&[u8]]) -> Vec<u8> {
    let mut out = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in chunks {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out
}
