//! GENERATED from rpc-spec/ by tests/spec.rs, do not edit: run UPDATE=1 cargo test --test spec.
//!
//! The methods of the API. What the words mean is told in `rpc-spec/README.md`.
//! Long because it is one table.

use super::table::{Method, Param};

/// The methods of the `ext` namespace, sorted by name.
#[rustfmt::skip]
pub const EXT: &[Method] = &[
    Method {
        name: "getAllProcessUsage",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Tell what every process uses: how often it was started in this life of the daemon,\nits processor time in seconds, its resident memory in bytes, its threads. A process\nthat has no child has a pid of 0 and uses nothing. Children of the process count\nfor themselves.\n\n@return array one struct per process, sorted by group and name: group, name, pid, starts, cpu, rss, threads",
    },
    Method {
        name: "getLogOffset",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "channel", kind: "string", optional: false },
            Param { name: "seconds", kind: "int", optional: false },
        ],
        returns: "int",
        help: "Tell where in a log everything begins that was written in the last seconds: at its\nbeginning, or at its end when it was not written to since. Lines hold no times, so\nsomething older may stand behind that place, nothing younger before it. Rotated\nparts are not looked at.\n\n@param string name process, as `name` or `group:name`\n@param string channel stdout or stderr\n@param int seconds how long ago\n@return int byte position in the log",
    },
    Method {
        name: "getLogStates",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Tell how the log of every stdout and stderr fares: its path, or nothing when the\nstream has no log; the bytes written and dropped and the outages that began, in\nthis life of the daemon; the bytes that wait now; and since when, in seconds of the\nepoch, the log has been in an outage, or 0. In an outage a log takes nothing: its\ndisk is full or gone, or its reader does not read.\n\n@return array two structs per process, sorted by group, name and channel: group, name, channel, path, written, dropped, waiting, outages, since",
    },
];

/// The methods of the `supervisor` namespace, sorted by name.
#[rustfmt::skip]
pub const SUPERVISOR: &[Method] = &[
    Method {
        name: "addProcessGroup",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Make a group of the last read configuration active. Members with autostart start.\n\n@param string name group\n@return boolean true",
    },
    Method {
        name: "clearAllProcessLogs",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Empty the stdout and stderr logs of every process.\n\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "clearLog",
        alias_of: None,
        params: &[
        ],
        returns: "boolean",
        help: "Empty the activity log.\n\n@return boolean true",
    },
    Method {
        name: "clearProcessLog",
        alias_of: Some("clearProcessLogs"),
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Empty the stdout and stderr logs of a process. Rotated parts stay.\n\n@param string name process, as `name` or `group:name`\n@return boolean true",
    },
    Method {
        name: "clearProcessLogs",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Empty the stdout and stderr logs of a process. Rotated parts stay.\n\n@param string name process, as `name` or `group:name`\n@return boolean true",
    },
    Method {
        name: "getAPIVersion",
        alias_of: None,
        params: &[
        ],
        returns: "string",
        help: "Tell the version of this API, which is not that of the program.\n\n@return string version of the API",
    },
    Method {
        name: "getAllConfigInfo",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Tell the settings of every process in the last read configuration, active or not,\nsorted by name.\n\n@return array one struct per configured process",
    },
    Method {
        name: "getAllProcessInfo",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Tell how every active process is, sorted by group and name.\n\n@return array structs as of getProcessInfo",
    },
    Method {
        name: "getIdentification",
        alias_of: None,
        params: &[
        ],
        returns: "string",
        help: "Tell the name that the configuration gives this daemon.\n\n@return string the identifier",
    },
    Method {
        name: "getPID",
        alias_of: None,
        params: &[
        ],
        returns: "int",
        help: "Tell the process id of the daemon.\n\n@return int the process id",
    },
    Method {
        name: "getProcessInfo",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "struct",
        help: "Tell how a process is.\n\n@param string name process, as `name` or `group:name`\n@return struct name, group, start, stop, now, state, statename, spawnerr, exitstatus, logfile, stdout_logfile, stderr_logfile, pid, description",
    },
    Method {
        name: "getState",
        alias_of: None,
        params: &[
        ],
        returns: "struct",
        help: "Tell the state of the daemon.\n\n@return struct int statecode and string statename",
    },
    Method {
        name: "getSupervisorVersion",
        alias_of: None,
        params: &[
        ],
        returns: "string",
        help: "Tell which version of Supervisor this daemon behaves as.\n\n@return string the version",
    },
    Method {
        name: "getVersion",
        alias_of: Some("getAPIVersion"),
        params: &[
        ],
        returns: "string",
        help: "Tell the version of this API, which is not that of the program.\n\n@return string version of the API",
    },
    Method {
        name: "readLog",
        alias_of: None,
        params: &[
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "string",
        help: "Read a part of the activity log.\n\n@param int offset byte to begin at; negative counts from the end\n@param int length bytes wanted; 0 for all that follow\n@return string the bytes, as text",
    },
    Method {
        name: "readMainLog",
        alias_of: Some("readLog"),
        params: &[
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "string",
        help: "Read a part of the activity log.\n\n@param int offset byte to begin at; negative counts from the end\n@param int length bytes wanted; 0 for all that follow\n@return string the bytes, as text",
    },
    Method {
        name: "readProcessLog",
        alias_of: Some("readProcessStdoutLog"),
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "string",
        help: "Read a part of what a process wrote to stdout.\n\n@param string name process, as `name` or `group:name`\n@param int offset byte to begin at; negative counts from the end\n@param int length bytes wanted; 0 for all that follow\n@return string the bytes, as text",
    },
    Method {
        name: "readProcessStderrLog",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "string",
        help: "Read a part of what a process wrote to stderr.\n\n@param string name process, as `name` or `group:name`\n@param int offset byte to begin at; negative counts from the end\n@param int length bytes wanted; 0 for all that follow\n@return string the bytes, as text",
    },
    Method {
        name: "readProcessStdoutLog",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "string",
        help: "Read a part of what a process wrote to stdout.\n\n@param string name process, as `name` or `group:name`\n@param int offset byte to begin at; negative counts from the end\n@param int length bytes wanted; 0 for all that follow\n@return string the bytes, as text",
    },
    Method {
        name: "reloadConfig",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Read the configuration again and tell which groups differ from the active ones.\nNothing is started or stopped; addProcessGroup and removeProcessGroup do that.\n\n@return array [[added, changed, removed]], each an array of group names",
    },
    Method {
        name: "removeProcessGroup",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Forget an active group, all of whose processes are stopped.\n\n@param string name group\n@return boolean true",
    },
    Method {
        name: "restart",
        alias_of: None,
        params: &[
        ],
        returns: "boolean",
        help: "Stop all processes and begin anew with a fresh configuration. The answer comes\nbefore that happens. With a configuration that could not be started nothing happens.\n\n@return boolean true",
    },
    Method {
        name: "sendProcessStdin",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "chars", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Write to the standard input of a process. Nothing is added, no line end either.\n\n@param string name process, as `name` or `group:name`\n@param string chars what to write, as UTF-8\n@return boolean true",
    },
    Method {
        name: "sendRemoteCommEvent",
        alias_of: None,
        params: &[
            Param { name: "type", kind: "string", optional: false },
            Param { name: "data", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Raise a REMOTE_COMMUNICATION event for the event listeners.\n\n@param string type what the event shows as its type\n@param string data the rest of the event\n@return boolean true",
    },
    Method {
        name: "shutdown",
        alias_of: None,
        params: &[
        ],
        returns: "boolean",
        help: "Stop all processes and end the daemon. The answer comes before that happens.\n\n@return boolean true",
    },
    Method {
        name: "signalAllProcesses",
        alias_of: None,
        params: &[
            Param { name: "signal", kind: "string", optional: false },
        ],
        returns: "array",
        help: "Send a signal to every process that has one running.\n\n@param string signal name, with or without SIG, or number\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "signalProcess",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "signal", kind: "string", optional: false },
        ],
        returns: "boolean",
        help: "Send a signal to a process, to it alone and not to its children.\n\n@param string name process, as `name` or `group:name`; `group:*` for all of a group\n@param string signal name, with or without SIG, or number\n@return boolean true",
    },
    Method {
        name: "signalProcessGroup",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "signal", kind: "string", optional: false },
        ],
        returns: "array",
        help: "Send a signal to every process of a group that is running.\n\n@param string name group\n@param string signal name, with or without SIG, or number\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "startAllProcesses",
        alias_of: None,
        params: &[
            Param { name: "wait", kind: "boolean", optional: true },
        ],
        returns: "array",
        help: "Start every process that is not running.\n\n@param boolean wait answer when each is up or has failed\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "startProcess",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "wait", kind: "boolean", optional: true },
        ],
        returns: "boolean",
        help: "Start a process.\n\n@param string name process, as `name` or `group:name`; `group:*` for all of a group\n@param boolean wait answer when it is up or has failed\n@return boolean true",
    },
    Method {
        name: "startProcessGroup",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "wait", kind: "boolean", optional: true },
        ],
        returns: "array",
        help: "Start every process of a group that is not running.\n\n@param string name group\n@param boolean wait answer when each is up or has failed\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "stopAllProcesses",
        alias_of: None,
        params: &[
            Param { name: "wait", kind: "boolean", optional: true },
        ],
        returns: "array",
        help: "Stop every process that is running.\n\n@param boolean wait answer when each has stopped\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "stopProcess",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "wait", kind: "boolean", optional: true },
        ],
        returns: "boolean",
        help: "Stop a process.\n\n@param string name process, as `name` or `group:name`; `group:*` for all of a group\n@param boolean wait answer when it has stopped\n@return boolean true",
    },
    Method {
        name: "stopProcessGroup",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "wait", kind: "boolean", optional: true },
        ],
        returns: "array",
        help: "Stop every process of a group that is running.\n\n@param string name group\n@param boolean wait answer when each has stopped\n@return array one struct per process acted on: name, group, status, description",
    },
    Method {
        name: "tailProcessLog",
        alias_of: Some("tailProcessStdoutLog"),
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "array",
        help: "Read the end of what a process wrote to stdout, for a client that comes again with the\noffset it is told here. Overflow means that more was written than asked for.\n\n@param string name process, as `name` or `group:name`\n@param int offset the offset of the last answer, 0 at first\n@param int length bytes wanted at most\n@return array [string bytes, int offset, boolean overflow]",
    },
    Method {
        name: "tailProcessStderrLog",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "array",
        help: "Read the end of what a process wrote to stderr, for a client that comes again with the\noffset it is told here. Overflow means that more was written than asked for.\n\n@param string name process, as `name` or `group:name`\n@param int offset the offset of the last answer, 0 at first\n@param int length bytes wanted at most\n@return array [string bytes, int offset, boolean overflow]",
    },
    Method {
        name: "tailProcessStdoutLog",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
            Param { name: "offset", kind: "int", optional: false },
            Param { name: "length", kind: "int", optional: false },
        ],
        returns: "array",
        help: "Read the end of what a process wrote to stdout, for a client that comes again with the\noffset it is told here. Overflow means that more was written than asked for.\n\n@param string name process, as `name` or `group:name`\n@param int offset the offset of the last answer, 0 at first\n@param int length bytes wanted at most\n@return array [string bytes, int offset, boolean overflow]",
    },
];

/// The methods of the `system` namespace, sorted by name.
#[rustfmt::skip]
pub const SYSTEM: &[Method] = &[
    Method {
        name: "listMethods",
        alias_of: None,
        params: &[
        ],
        returns: "array",
        help: "Name every method that can be called, aliases included.\n\n@return array names, sorted",
    },
    Method {
        name: "methodHelp",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "string",
        help: "Tell what a method does, what it takes and what it answers.\n\n@param string name full name of a method\n@return string the help",
    },
    Method {
        name: "methodSignature",
        alias_of: None,
        params: &[
            Param { name: "name", kind: "string", optional: false },
        ],
        returns: "array",
        help: "Tell the types that a method returns and takes.\n\n@param string name full name of a method\n@return array the type returned, then the type of each parameter",
    },
    Method {
        name: "multicall",
        alias_of: None,
        params: &[
            Param { name: "calls", kind: "array", optional: false },
        ],
        returns: "array",
        help: "Make several calls in one request. A result stands in the answer as it is, not\nwrapped in an array of its own; a fault stands there as a struct with faultCode\nand faultString, and the calls behind it are made all the same.\n\n@param array calls structs with methodName and, if there are any, params\n@return array one result or fault struct per call, in order",
    },
];
