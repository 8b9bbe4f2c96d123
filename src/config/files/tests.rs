//! Search list and `[include]` over a made-up machine.

use super::*;
use crate::config::fake::Fake;

fn read_in(world: &Fake) -> Result<Files, String> {
    read_all("/etc/sv/s.conf", world).map_err(|error| error.to_string())
}

fn messages(files: &Files) -> Vec<String> {
    files.messages.iter().map(|line| format!("{} {}", line.level.tag(), line.text)).collect()
}

/// A1.16, A1.17
#[test]
fn the_search_starts_beside_the_executable() {
    let list = search_list("/opt/sv/bin/supervisord");
    assert_eq!(list[..3], ["/opt/sv/etc/supervisord.conf", "/opt/sv/supervisord.conf", "supervisord.conf"]);
    assert_eq!(list[3..], ["etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"]);
    let world = Fake::new().file("/start/etc/supervisord.conf", "").file("/etc/supervisord.conf", "");
    assert_eq!(find("/opt/sv/bin/supervisord", &world).unwrap(), "etc/supervisord.conf");
    let nowhere = find("supervisord", &Fake::new()).unwrap_err().to_string();
    let sentence = "No config file found at default paths (etc/supervisord.conf, supervisord.conf, supervisord.conf, \
                    etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf); use the -c option \
                    to specify a config file at a different path";
    assert_eq!(nowhere, sentence);
}

/// A2.30, A2.31, A2.32, A2.33, A2.34, A2.37, A2.38, A5.31, A5.32, A10.5
#[test]
fn included_files_are_read_in_order() {
    let world = Fake::new()
        .file("/etc/sv/s.conf", "[include]\nfiles = d/*.ini %(ENV_MORE)s\n  none*.ini\n[a]\nk=root\n")
        .file("/etc/sv/d/b.ini", "[a]\nk=b\n[include]\nfiles=/never\n")
        .file("/etc/sv/d/a.ini", "[a]\nk=a\n[b]\n")
        .file("/other/x", "[c]\n")
        .env("MORE", "/other/?");
    let files = read_in(&world).unwrap();
    assert_eq!(files.sections.get("a", "k"), Some("b"));
    assert_eq!(files.sections.names().collect::<Vec<_>>(), ["include", "a", "b", "c"]);
    assert_eq!(files.sections.file_of("b"), Some("/etc/sv/d/a.ini"));
    assert_eq!(
        messages(&files),
        [
            "INFO Included extra file \"/etc/sv/d/a.ini\" during parsing",
            "INFO Included extra file \"/etc/sv/d/b.ini\" during parsing",
            "INFO Included extra file \"/other/x\" during parsing",
            "WARN No file matches via include \"/etc/sv/none*.ini\"",
        ]
    );
}

/// A2.40
#[test]
fn the_control_client_follows_no_include() {
    let world = Fake::new()
        .file("/etc/sv/s.conf", "[include]\nfiles=d/*.ini\n[supervisorctl]\nk=%(here)s\n")
        .file("/etc/sv/d/a.ini", "[supervisorctl]\nk=other\n");
    let root = read_root("/etc/sv/s.conf", &world).unwrap();
    assert_eq!((root.sections.get("supervisorctl", "k"), messages(&root)), (Some("%(here)s"), vec![]));
    assert_eq!(read_in(&world).unwrap().sections.get("supervisorctl", "k"), Some("other"));
}

/// A2.30
#[test]
fn an_include_section_wants_files_but_takes_none() {
    let root = |text: &str| Fake::new().file("/etc/sv/s.conf", text);
    assert_eq!(read_in(&root("[include]\n")).unwrap_err(), ".ini file has [include] section, but no files setting");
    assert!(messages(&read_in(&root("[include]\nfiles=\n")).unwrap()).is_empty());
}

/// A2.35, A2.36, A2.1, A10.5
#[test]
fn directories_are_passed_over_and_bad_files_are_not() {
    let root = Fake::new().file("/etc/sv/s.conf", "[include]\nfiles=d*\n");
    let files = read_in(&root.clone().file("/etc/sv/d/x", "")).unwrap();
    assert_eq!(messages(&files), ["INFO Included extra file \"/etc/sv/d\" during parsing"]);
    let bad = read_in(&root.clone().file("/etc/sv/d.ini", "[a]\nbad\n")).unwrap_err();
    assert_eq!(bad, "Source contains parsing errors: '/etc/sv/d.ini'\n\t[line  2]: 'bad\\n'");
    for (bytes, sentence) in [
        (&b"[a]\nk=\xe9x"[..], "byte 0xe9 in position 6: invalid continuation byte"),
        (b"\xff", "byte 0xff in position 0: invalid start byte"),
        (b"a\xe2\x82", "bytes in position 1-2: unexpected end of data"),
        (b"\xe2\x82x", "bytes in position 0-1: invalid continuation byte"),
    ] {
        let bad = read_in(&root.clone().bytes("/etc/sv/d.ini", bytes)).unwrap_err();
        assert_eq!(bad, format!("'utf-8' codec can't decode {sentence}"));
    }
}

/// A2.35
#[test]
fn what_cannot_be_read_is_left_out_with_a_word() {
    let root = Fake::new().file("/etc/sv/s.conf", "[include]\nfiles=d/*\n[a]\nk=root\n").file("/etc/sv/d/a/x", "");
    let world = root.closed("/etc/sv/d/b", Unread::Unreadable).closed("/etc/sv/d/c", Unread::Missing);
    let world = world.closed("/etc/sv/d/d", Unread::Endless).file("/etc/sv/d/e", "[a]\nk=e\n");
    let files = read_in(&world).unwrap();
    let said: Vec<String> = messages(&files).into_iter().filter(|line| line.starts_with("WARN")).collect();
    let left_out = |name| format!("WARN Included file \"/etc/sv/d/{name}\" cannot be read and is left out");
    assert_eq!(said, ["b", "c", "d"].map(left_out));
    assert_eq!(files.sections.get("a", "k"), Some("e"));
}

/// A2.34, A2.37, A10.5
#[test]
fn files_that_include_each_other_or_themselves_end() {
    let itself = Fake::new().file("/etc/sv/s.conf", "[include]\nfiles=*.conf s.conf /etc/sv/s.conf\n[a]\nk=1\n");
    let files = read_in(&itself).unwrap();
    assert_eq!(messages(&files), ["INFO Included extra file \"/etc/sv/s.conf\" during parsing"; 3]);
    assert_eq!(files.sections.names().collect::<Vec<_>>(), ["include", "a"]);
    let circle = Fake::new()
        .file("/etc/sv/s.conf", "[include]\nfiles=a.ini\n")
        .file("/etc/sv/a.ini", "[include]\nfiles=b.ini\n[a]\n")
        .file("/etc/sv/b.ini", "[include]\nfiles=a.ini s.conf\n[b]\n");
    assert_eq!(read_in(&circle).unwrap().sections.names().collect::<Vec<_>>(), ["include", "a"]);
}

#[test]
fn files_and_bytes_are_bounded_however_often_they_are_named() {
    let named = |times: usize| format!("[include]\nfiles={}\n", "a.ini ".repeat(times));
    let world = |times| Fake::new().file("/etc/sv/s.conf", &named(times)).file("/etc/sv/a.ini", "[a]\nk=1\n");
    assert_eq!(messages(&read_in(&world(MAX_FILES)).unwrap()).len(), MAX_FILES);
    assert_eq!(read_in(&world(MAX_FILES + 1)).unwrap_err(), "[include] names more than 10000 files");
    let large = format!("[a]\n{}", format!("#{}\n", "x".repeat(1 << 20)).repeat(20));
    let world = Fake::new().file("/etc/sv/s.conf", &named(4)).file("/etc/sv/a.ini", &large);
    let sentence = "config file /etc/sv/a.ini brings the configuration above 67108864 bytes";
    assert_eq!(read_in(&world).unwrap_err(), sentence);
}

#[test]
fn a_file_with_a_nul_is_no_text() {
    let root = Fake::new().file("/etc/sv/s.conf", "[include]\nfiles=a.ini\n").bytes("/etc/sv/a.ini", b"[a]\nk=\0\n");
    let sentence = "config file /etc/sv/a.ini has a NUL byte in line 2, so it is no text file";
    assert_eq!(read_in(&root).unwrap_err(), sentence);
}

/// A2.39, A10.5
#[test]
fn here_is_the_directory_of_each_file() {
    let world = Fake::new()
        .file("/etc/sv/s.conf", "[include]\nfiles=d/a.ini\n[a]\nk=%(here)s\n")
        .file("/etc/sv/d/a.ini", "[b]\nk=%(here)s/x\n");
    let files = read_in(&world).unwrap();
    assert_eq!((files.sections.get("a", "k"), files.sections.get("b", "k")), (Some("/etc/sv"), Some("/etc/sv/d/x")));
    let alone = read_in(&Fake::new().file("/etc/sv/s.conf", "[a]\nk=%(here)s\n")).unwrap();
    assert_eq!(alone.sections.get("a", "k"), Some("%(here)s"), "only with an include section");
}
