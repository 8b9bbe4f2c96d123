//! Values of `environment` that upstream was seen to read so.

use super::parse;

/// The pairs as `K=v`, and the names that 4.4 reads otherwise.
fn read(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let read = parse(text).map_err(|error| error.to_string())?;
    Ok((read.variables.iter().map(|(name, value)| format!("{name}={value}")).collect(), read.ambiguous))
}

/// A2.81, A2.82, A2.83, A2.84, A2.85, A2.86, A2.88, A2.91
#[test]
fn plain_pairs_are_the_same_for_both_releases() {
    for (text, pairs) in [
        ("", &[][..]),
        ("A=1", &["A=1"]),
        ("A=\"1\",B=\"2\"", &["A=1", "B=2"]),
        (" A = 1 ,\n\tB = '2' , ", &["A=1", "B=2"]),
        ("A=1;B=2", &["A=1", "B=2"]),
        ("A=1 x B=2", &["A=1", "B=2"]),
        ("A=1,A=2", &["A=2"]),
        ("a-b.c:d/e+f(g)=1", &["a-b.c:d/e+f(g)=1"]),
        ("A=a b", &["A=a"]),
        ("A=~x", &["A=~"]),
        ("A=$HOME", &["A=$"]),
        ("A=\"\"", &["A="]),
        ("A==1", &["A=="]),
        ("A=\"it's\"", &["A=it's"]),
        ("A=\"c,d\",B=\"b=c\",C=\"#x\"", &["A=c,d", "B=b=c", "C=#x"]),
        ("A=a#b", &["A=a"]),
        ("A=\"x\ny\"", &["A=x\ny"]),
        ("A=\"é日本\"", &["A=é日本"]),
        ("A=日本", &["A=日"]),
        ("A=\"x\\ny\",B=\"\\$x\"", &["A=x\\ny", "B=\\$x"]),
    ] {
        let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        assert_eq!(read(text), Ok((pairs, Vec::new())), "{text:?}");
    }
}

/// A2.81, A2.82, A2.84, A2.86, A2.87
#[test]
fn broken_pairs_are_told_with_the_whole_value() {
    for text in ["A", "A=", "A=,B=1", "A=1,,B=2", "A=1 B=2", "A=1\nB=2", "A=a@b", "A=a@,B=2", "A=http://x/?y"] {
        assert_eq!(read(text), Err(format!("Unexpected end of key/value pairs in value '{text}'")));
    }
    assert_eq!(read("A=\"x"), Err("No closing quotation".to_owned()));
}

/// A2.90, A8.4: where both releases give a value, 4.3.0's stays and is told.
#[test]
fn a_text_that_works_today_keeps_its_meaning() {
    for (text, pair) in [
        (r#"A="a\"b""#, r"A=a\"),
        (r#"A="a\\b""#, r"A=a\\b"),
        (r"A='a\'b'", r"A=a\"),
        (r#"A="x"y"#, "A=x"),
        (r#"A=x"y""#, "A=x\"y"),
        (r#"A="x""y""#, "A=x"),
        (r#"A='"x"'"#, "A=x"),
        ("A=éa", "A=é"),
        (r#"A="p"q""#, "A=p"),
    ] {
        assert_eq!(read(text), Ok((vec![pair.to_owned()], vec!["A".to_owned()])), "{text:?}");
    }
    let (pairs, told) = read("\"A\"=1").unwrap();
    assert_eq!((pairs, told), (vec!["\"A\"=1".to_owned()], vec!["\"A\"".to_owned(), "A".to_owned()]));
}

/// A2.90, A8.4: what only 4.4 understands is read as 4.4 does.
#[test]
fn a_text_that_fails_today_is_read_the_new_way() {
    let expected = |pairs: &[&str]| Ok((pairs.iter().map(|pair| (*pair).to_owned()).collect(), Vec::new()));
    assert_eq!(read(r"A=a\ b"), expected(&["A=a b"]));
    assert_eq!(read(r"A=a\,b,B=1"), expected(&["A=a,b", "B=1"]));
    assert_eq!(read(r#"A="x"y,B=1"#), expected(&["A=xy", "B=1"]));
}
