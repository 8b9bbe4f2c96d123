//! Formats that Python was seen to expand so.

use super::{MAX_VALUE, MAX_WIDTH, Names, expand};

fn with(text: &str) -> Result<String, String> {
    let outer = Names::default().with("here", "/dir").with("program_name", "outer");
    let names = Names::over(&outer).with("program_name", "a").with_number("process_num", 7).with("a(b)", "deep");
    expand(text, &names, "supervisord.x").map_err(|error| error.to_string())
}

/// A2.54, A2.55, A2.56
#[test]
fn values_are_formatted_as_in_python() {
    for (text, expected) in [
        ("plain", "plain"),
        ("100%%", "100%"),
        ("%(here)s/%(program_name)s", "/dir/a"),
        ("%(process_num)02d", "07"),
        ("%(process_num)5d|", "    7|"),
        ("%(process_num)-5d|", "7    |"),
        ("%(process_num)-05d|", "7    |"),
        ("%(process_num)+d", "+7"),
        ("%(process_num) d", " 7"),
        ("%(process_num)+05d", "+0007"),
        ("%(process_num)x %(process_num)X %(process_num)o", "7 7 7"),
        ("%(process_num)#o %(process_num)#06x", "0o7 0x0007"),
        ("%(process_num).3d %(process_num)ld %(process_num)hi", "007 7 7"),
        ("%(process_num)f %(process_num).1f %(process_num)09.2f", "7.000000 7.0 000007.00"),
        ("%(process_num)e %(process_num)G %(process_num)#g", "7.000000e+00 7 7.00000"),
        ("%(process_num)s %(process_num)r %(process_num)c", "7 7 \u{7}"),
        ("%(program_name)10s|%(program_name)-3s|%(program_name).0s|", "         a|a  ||"),
        ("%(program_name)r %(program_name)a %(program_name)c", "'a' 'a' a"),
        ("%(a(b))s", "deep"),
    ] {
        assert_eq!(with(text).as_deref(), Ok(expected), "{text:?}");
    }
}

/// A2.57
#[test]
fn unknown_names_are_told_with_all_that_are_known() {
    let expected = "Format string '%(foo)s' for 'supervisord.x' contains names ('foo') which cannot be expanded. \
                    Available names: a(b), here, process_num, program_name";
    assert_eq!(with("%(foo)s").unwrap_err(), expected);
    assert!(with("%( here)s").unwrap_err().contains("names (' here')"));
}

/// A2.58, A2.59
#[test]
fn other_failures_are_told_in_pythons_words() {
    for (text, reason) in [
        ("a%", "incomplete format"),
        ("%(here)", "incomplete format"),
        ("%(here)05", "incomplete format"),
        ("%(here", "incomplete format key"),
        ("%(he(re)s", "incomplete format key"),
        ("0123456789%Y", "unsupported format character 'Y' (0x59) at index 11"),
        ("%(here)d", "%d format: a real number is required, not str"),
        ("%(here)x", "%x format: an integer is required, not str"),
        ("%(here)f", "must be real number, not str"),
        ("100% foo", "must be real number, not dict"),
        ("%d", "%d format: a real number is required, not dict"),
        ("%*d", "* wants int"),
        ("%c", "%c requires int or char"),
        ("%(here)c", "%c requires int or char"),
        ("%(here)%", "unsupported format character '%' (0x25) at index 7"),
        ("%(here)s %d", "not enough arguments for format string"),
        ("%(process_num)*d", "not enough arguments for format string"),
        ("%(here)\u{e9}", "unsupported format character '?' (0xe9) at index 7"),
    ] {
        let expected = format!("Format string '{text}' for 'supervisord.x' is badly formatted: {reason}");
        assert_eq!(with(text).unwrap_err(), expected);
    }
    assert!(with("%s").unwrap_err().contains("a name in parentheses must follow"));
}

#[test]
fn no_width_fills_the_memory() {
    for kind in ["s", "d", "x", "f", "e", "G"] {
        assert!(with(&format!("%(process_num){MAX_WIDTH}.{MAX_WIDTH}{kind}")).is_ok(), "{kind}");
    }
    for text in ["%(here)32769s", "%(process_num).32769f", "%(process_num).99999999999999999999d"] {
        assert!(with(text).unwrap_err().contains(" too big"), "{text}");
    }
}

#[test]
fn no_number_of_directives_fills_the_memory() {
    let wide = format!("%(here){MAX_WIDTH}s");
    let fits = wide.repeat(MAX_VALUE / MAX_WIDTH);
    assert_eq!(with(&fits).unwrap().len(), MAX_VALUE);
    let sentence = "The value of 'supervisord.x' is longer than 4194304 bytes when it is expanded";
    assert_eq!(with(&format!("{fits}x")).unwrap_err(), sentence);
    assert_eq!(with(&wide.repeat(1_000)).unwrap_err(), sentence);
}
