//! Texts that `RawConfigParser` was seen to read so.

use super::{MAX_OPTIONS, MAX_SECTIONS, MAX_VALUE, Place, Sections};

fn read(text: &str) -> Result<Sections, String> {
    let mut sections = Sections::new();
    sections.read(text, "/s.conf").map_err(|error| error.to_string())?;
    Ok(sections)
}

/// The value of `k` in `[s]`, with `text` below the header.
fn value(text: &str) -> Option<String> {
    read(&format!("[s]\n{text}")).unwrap().get("s", "k").map(str::to_owned)
}

/// A2.4, A2.5, A2.6, A2.7, A2.8
#[test]
fn comments_start_at_the_first_round_that_qualifies() {
    for (line, expected) in [
        ("k=a;b", "a;b"),
        ("k=a#b", "a#b"),
        ("k=a ;b", "a"),
        ("k=a\t#b", "a"),
        ("k=a\u{c};b", "a"),
        ("k=a\u{a0};b", "a"),
        ("k=a#b #c ;d", "a#b #c"),
        ("k=a;b ;c #d", "a;b ;c"),
        ("k=a;b;c ;d", "a;b;c"),
        ("k=bash -c 'foo ; bar'", "bash -c 'foo"),
        ("k=;true", ";true"),
        ("k= ;true", ""),
        ("k=\u{a0}x\u{a0}", "x"),
        ("k=a\\", "a\\"),
        ("k=\"q\"", "\"q\""),
    ] {
        assert_eq!(value(line).as_deref(), Some(expected), "{line:?}");
    }
}

/// A2.9, A2.10, A2.11, A2.12
#[test]
fn deeper_lines_continue_a_value() {
    for (text, expected) in [
        ("k=a\n b\n\n  c ;x\n", "a\nb\n\nc"),
        ("k=a\n b\n\n\n", "a\nb"),
        ("k=a\n; comment\n b", "a\nb"),
        ("k=\n a", "\na"),
        ("k=a\n [x]\n", "a\n[x]"),
        ("  k=a\n  j=b\n   c\n", "a"),
        ("k=a\n j=b\n", "a\nj=b"),
        ("\tk=a\n \tb", "a\nb"),
    ] {
        assert_eq!(value(text).as_deref(), Some(expected), "{text:?}");
    }
    let swallowed = read("[supervisord]\nminfds=1024\n [program:a]\n command=x\n").unwrap();
    assert_eq!(swallowed.names().collect::<Vec<_>>(), ["supervisord"]);
    let indented = read("[a]\n  [s]\n  k=v\n").unwrap();
    assert_eq!(indented.get("s", "k"), Some("v"));
}

/// A2.13, A2.14, A2.15
#[test]
fn headers_reach_to_the_last_bracket_and_keep_their_case() {
    for (line, name) in [
        ("[program:a] trailing", "program:a"),
        ("[program:a]]", "program:a]"),
        ("[program:a];comment]", "program:a];comment"),
        ("[program:a] ;comment", "program:a"),
        ("[ program:a ]", " program:a "),
        ("[PROGRAM:a]", "PROGRAM:a"),
        ("[]]", "]"),
    ] {
        assert_eq!(read(line).unwrap().names().collect::<Vec<_>>(), [name], "{line:?}");
    }
    assert_eq!(read("[s]\n[program:a\n").unwrap().get("s", "[program"), Some("a"));
}

/// A2.16, A2.23
#[test]
fn the_first_delimiter_separates_and_keys_fold() {
    let sections = read("[s]\nStartSecs : 5\ncommand:a=b\ncommand /bin/echo = b\nÄ=1\n").unwrap();
    assert_eq!(sections.get("s", "startsecs"), Some("5"));
    assert_eq!(sections.get("s", "command"), Some("a=b"));
    assert_eq!(sections.get("s", "command /bin/echo"), Some("b"));
    assert_eq!(sections.get("s", "ä"), Some("1"));
    assert_eq!(sections.place("s", "command"), Some(Place { file: "/s.conf".to_owned(), line: 3 }));
}

/// A2.17
#[test]
fn all_bad_lines_are_told_at_the_end() {
    let text = "[s]\nk=1\n\n\nfoo bar\nbaz\n=x\n[]\n[t]\nlast";
    let expected = "Source contains parsing errors: '/s.conf'\n\t[line  5]: 'foo bar\\n'\n\t[line  6]: 'baz\\n'\n\t\
                    [line  7]: '=x\\n'\n\t[line  8]: '[]\\n'\n\t[line 10]: 'last'";
    assert_eq!(read(text).unwrap_err(), expected);
    assert!(read("[s]\nk=1\nbad\n  kept as part of k\n").unwrap_err().ends_with("[line  3]: 'bad\\n'"));
}

/// A2.24
#[test]
fn text_before_the_first_section_ends_the_reading() {
    let expected = "File contains no section headers.\nfile: '/s.conf', line: 3\n'garbage=1\\n'";
    assert_eq!(read("; c\n\ngarbage=1\n[s]\nbad\n").unwrap_err(), expected);
    assert!(read("rem x\n").is_err());
}

/// A2.2, A2.3
#[test]
fn a_byte_order_mark_and_all_line_ends_are_fine() {
    let sections = read("\u{feff}[s]\r\nk=a\r b\r\nj=2\rl=3\n").unwrap();
    assert_eq!(sections.get("s", "k"), Some("a\nb"));
    assert_eq!((sections.get("s", "j"), sections.get("s", "l")), (Some("2"), Some("3")));
    assert!(read("[s]\r\nbad\r\n").unwrap_err().ends_with("'bad\\n'"));
}

/// A2.18, A2.41
#[test]
fn later_files_lie_over_earlier_ones() {
    let mut sections = read("[a]\nk=1\nk=2\nj=1\n[b]\n[a]\nk=3\n").unwrap();
    sections.read("[b]\nx=1\n[c]\n[a]\nj=9\n", "/i.conf").unwrap();
    assert_eq!(sections.names().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((sections.get("a", "k"), sections.get("a", "j")), (Some("3"), Some("9")));
    let file = |name| sections.file_of(name).unwrap().to_owned();
    assert_eq!([file("a"), file("b"), file("c")], ["/s.conf", "/s.conf", "/i.conf"]);
    assert_eq!(sections.place("a", "j").map(|place| (place.file, place.line)), Some(("/i.conf".to_owned(), 5)));
}

/// A2.19
#[test]
fn the_default_section_fills_gaps_and_is_none_itself() {
    let sections = read("[DEFAULT]\nk=d\nj=d\n[s]\nk=own\n[default]\nq=1\n").unwrap();
    assert_eq!((sections.get("s", "k"), sections.get("s", "j")), (Some("own"), Some("d")));
    assert_eq!((sections.get("s", "q"), sections.has("DEFAULT")), (None, false));
    assert_eq!(sections.names().collect::<Vec<_>>(), ["s", "default"]);
    assert_eq!(sections.options("s"), ["k", "j"]);
}

/// A2.39, A7.64
#[test]
fn here_is_replaced_where_it_is_no_quoted_percent_sign() {
    let mut sections = read("[s]\na=%(here)s/x\nb=%%(here)s %%%(here)s\nc=%(ENV_X)s %(here)5s\n").unwrap();
    sections.replace_here("/d%20");
    assert_eq!(sections.get("s", "a"), Some("/d%%20/x"));
    assert_eq!(sections.get("s", "b"), Some("%%(here)s %%/d%%20"));
    assert_eq!(sections.get("s", "c"), Some("%(ENV_X)s %(here)5s"));
}

/// A2.19: a part of the sections still has what stands in `[DEFAULT]`
#[test]
fn sections_taken_out_keep_their_defaults() {
    let sections = read("[DEFAULT]\nk=d\n[a]\nj=1\n[b]\n").unwrap();
    let some = sections.only(&["a"]);
    assert_eq!((some.get("a", "k"), some.get("a", "j"), some.has("b")), (Some("d"), Some("1"), false));
}

/// A2.19, A2.39
#[test]
fn here_of_the_default_section_is_that_of_the_file_that_began_a_section() {
    let mut sections = read("[DEFAULT]\nk=%(here)s\nj=1\n[a]\n[own]\nk=2\n").unwrap();
    sections.replace_here("/root");
    for (text, directory) in [("[a]\nj=3\n[b]\n", "/one"), ("[DEFAULT]\nq=%(here)s/q\n[c]\n", "/two")] {
        sections.read(text, "/i.conf").unwrap();
        sections.replace_here(directory);
    }
    let of = |key| ["a", "b", "c", "own"].map(|section| sections.get(section, key).unwrap_or_default().to_owned());
    assert_eq!(of("k"), ["/root", "/one", "/two", "2"]);
    assert_eq!(of("q"), ["/two/q"; 4]);
    assert_eq!(of("j"), ["3", "1", "1", "1"]);
}

/// The crate behind the store reads plain files as we do: no indentation, no
/// marks inside values, no `[DEFAULT]`.
#[test]
fn the_crates_own_reader_agrees_on_plain_files() {
    let text = "; comment\n[program:a]\ncommand=/bin/cat -n x=1\nStartSecs = 5\n\n# more\n[group:g]\nprograms : a,b\n\
                files=*.conf ?.ini\n[program:a]\ncommand=/bin/dog\n";
    let mut theirs = configparser::ini::Ini::new_cs();
    theirs.set_multiline(true);
    theirs.read(text.to_owned()).unwrap();
    let ours = read(text).unwrap();
    assert_eq!(ours.names().collect::<Vec<_>>(), theirs.sections());
    for section in ours.names() {
        let options = theirs.get_map_ref().get(section).unwrap();
        assert_eq!(ours.options(section).len(), options.len());
        for (key, value) in options {
            assert_eq!(ours.get(section, &key.to_lowercase()), value.as_deref(), "[{section}] {key}");
        }
    }
}

/// The text is bounded by its bytes; these bound what it becomes.
#[test]
fn what_a_text_becomes_is_bounded() {
    let refused = |text: &str| read(text).map(drop).unwrap_err();
    let long = format!("[s]\na=1\nk={}\n", "x".repeat(MAX_VALUE));
    assert_eq!(refused(&long), "What begins in line 3 of /s.conf is longer than 4194304 bytes");
    let longer = format!("[s]\na=1\nk={}", format!("{}\n ", "x".repeat(1 << 20)).repeat(5));
    assert_eq!(refused(&longer), "What begins in line 3 of /s.conf is longer than 4194304 bytes");
    let nearly = || Sections { count: MAX_SECTIONS - 1, options: MAX_OPTIONS - 1, ..Sections::new() };
    let refused = |text: &str| nearly().read(text, "/s.conf").unwrap_err().to_string();
    assert_eq!(refused("[s]\na=\nb=\n"), "/s.conf brings the number of options above 1000000");
    assert_eq!(refused("[s]\n[t]\n"), "/s.conf brings the number of sections above 100000");
    assert!(nearly().read("[s]\na=\na=\n[s]\n", "/s.conf").is_ok(), "what is written again is no more");
}

/// A2.17
#[test]
fn an_endless_list_of_bad_lines_is_cut() {
    let error = read(&format!("[s]\n{}", "bad\n".repeat(1_200))).map(drop).unwrap_err();
    assert_eq!(error.lines().count(), 1 + 1_000 + 1);
    assert!(error.ends_with("\n\t[line 1001]: 'bad\\n'\n\tand 200 more"));
}

/// A2.19
#[test]
fn a_part_that_is_changed_keeps_defaults_and_places() {
    let all = read("[DEFAULT]\nd=1\n[a]\nx=1\ny=2\nz=3\n[b]\ny=4\n").unwrap();
    let mut part = all.only(&["a"]);
    let line = |part: &Sections, key: &str| part.place("a", key).map(|place| place.line);
    assert_eq!((part.get("a", "d"), line(&part, "d")), (Some("1"), Some(2)));
    part.remove("a", "x");
    part.set("a", "new", "5");
    assert_eq!(
        (line(&part, "x"), line(&part, "y"), line(&part, "z"), line(&part, "new")),
        (None, Some(5), Some(6), None)
    );
    part.remove("a", "d");
    assert_eq!((part.get("a", "d"), part.get("a", "new"), part.has("b")), (None, Some("5"), false));
    part.set("c", "k", "6");
    assert_eq!(
        (part.get("c", "k"), part.header("c"), part.header("a").map(|place| place.line)),
        (Some("6"), None, Some(3))
    );
}
