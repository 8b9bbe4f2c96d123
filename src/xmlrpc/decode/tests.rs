//! What is read, what is refused, and that what we write is read back.

use super::{MAX_DEPTH, decode_call, decode_response};
use crate::xmlrpc::{Call, DecodeError, Value, WireFault, encode_call, encode_fault, encode_response};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The one parameter of a call whose `<value>` is given.
fn param(value: &str) -> Result<Value, DecodeError> {
    let body = format!("<methodCall><methodName>m</methodName><params><param>{value}</param></params></methodCall>");
    decode_call(body.as_bytes()).map(|call| call.params.into_iter().next().unwrap())
}

fn refused(body: &str) -> bool {
    matches!(decode_call(body.as_bytes()), Err(DecodeError::Unmarshallable(_)))
}

/// B2.1.9, B2.1.10
#[test]
fn every_type_is_read_as_python_reads_it() {
    let cases = [
        ("<value> plain text\n</value>", text(" plain text\n")),
        ("<value/>", text("")),
        ("<value></value>", text("")),
        ("<value><string></string></value>", text("")),
        ("<value><string/></value>", text("")),
        ("<value>\n  <string> ws </string>\n</value>", text(" ws ")),
        ("<value><int> 1_2 </int></value>", Value::Int(12)),
        ("<value><i4>-12</i4></value>", Value::Int(-12)),
        ("<value><i8>5000000000</i8></value>", Value::Int(5_000_000_000)),
        ("<value><int>99999999999999999999</int></value>", Value::Wide("99999999999999999999".to_owned())),
        ("<value><boolean>1</boolean></value>", Value::Bool(true)),
        ("<value><boolean>true</boolean></value>", Value::Bool(false)),
        ("<value><boolean/></value>", Value::Bool(false)),
        ("<value><double>1.50</double></value>", Value::Double(1.5)),
        (
            "<value><dateTime.iso8601>20260102T03:04:05</dateTime.iso8601></value>",
            Value::DateTime("20260102T03:04:05".to_owned()),
        ),
        ("<value><base64>4oKs</base64></value>", text("€")),
        ("<value><foo>bar</foo></value>", text("bar")),
        ("<value><nil/></value>", Value::Nil),
        ("<value><params>x</params></value>", text("x")),
        ("<value><fault>x</fault></value>", text("x")),
        ("<value><array><data/></array></value>", Value::Array(vec![])),
        (
            "<value><array><data><value><int>1</int></value><value>two</value></data></array></value>",
            Value::Array(vec![Value::Int(1), text("two")]),
        ),
        ("<value><struct/></value>", Value::Struct(vec![])),
    ];
    for (xml, value) in cases {
        assert_eq!(param(xml), Ok(value), "{xml}");
    }
    for bad in [
        "<value><int>x</int></value>",
        "<value><int/></value>",
        "<value><array/></value>",
        "<value><double>x</double></value>",
        "text only",
        "<value><dateTime.iso8601>2026</dateTime.iso8601></value>",
        "<value><base64>//79</base64></value>",
    ] {
        assert!(matches!(param(bad), Err(DecodeError::Unmarshallable(_))), "{bad}");
    }
}

/// B2.1.9
#[test]
fn of_two_members_of_one_name_the_last_wins() {
    let member = |name: &str, value: &str| format!("<member> <name>{name}</name> <value>{value}</value> </member>");
    let xml = format!("<value><struct>{}{}{}</struct></value>", member("a", "1"), member("b", "2"), member("a", "3"));
    assert_eq!(param(&xml), Ok(Value::Struct(vec![("a".to_owned(), text("3")), ("b".to_owned(), text("2"))])));
    for bad in ["<member><name>a</name></member>", "<member/>", "<name>a</name>"] {
        assert!(param(&format!("<value><struct>{bad}</struct></value>")).is_err(), "{bad}");
    }
}

/// B2.1.11
#[test]
fn cdata_references_and_comments_join_the_text() {
    assert_eq!(param("<value>a<!-- b -->c<![CDATA[<&>]]>&lt;&#8364;&#x41;<?pi x?>d</value>"), Ok(text("ac<&><€Ad")));
    assert_eq!(param("<value>a\r\nb\rc&#13;</value>"), Ok(text("a\nb\nc\r")));
    for bad in ["&nbsp;", "&", "&#27;", "&#xFFFF;", "]]>", "\u{1b}", "<!-- a--b -->", "<![CDATA[", "\u{fffe}"] {
        assert!(param(&format!("<value>{bad}</value>")).is_err(), "{bad:?}");
    }
}

/// B2.1.3, B2.1.4, B2.1.5, B2.1.6
#[test]
fn only_the_names_of_elements_count() {
    let version = Ok(Call { method: "v".to_owned(), params: vec![] });
    for good in [
        "<methodCall><methodName>v</methodName></methodCall>",
        "<methodCall><methodName>v</methodName><params/></methodCall>",
        "<methodCall><methodName>v</methodName><params>\n</params></methodCall>\n\n  \n",
        "<anything a='1' xmlns:ex=\"http://x\"><deep><methodName>v</methodName></deep></anything>",
        "<m><methodName>p</methodName><methodName>v</methodName></m>",
        "<methodName>v</methodName>",
        "\u{feff}<?xml version='1.0' encoding='iso-8859-1'?>\n<m><methodName>v</methodName></m><!-- end -->",
    ] {
        assert_eq!(decode_call(good.as_bytes()), version, "{good}");
    }
    let spaced = decode_call(b"<m><methodName> v </methodName></m>").unwrap();
    assert_eq!(spaced.method, " v ", "B1.1.4");
}

/// A5.93, B2.1.5
#[test]
fn a_call_needs_a_method_name() {
    for body in ["<m/>", "<m><methodName/></m>", "<m><methodName>a</methodName><methodName></methodName></m>"] {
        let error = decode_call(body.as_bytes()).unwrap_err();
        assert_eq!(error, DecodeError::NoMethodName, "{body}");
        assert_eq!(error.to_string(), "no method name");
    }
    assert_eq!(decode_call(b"").unwrap_err().to_string(), "unmarshallable");
}

/// B2.1.3, B2.1.8
#[test]
fn what_is_not_well_formed_is_refused() {
    let good = "<m><methodName>v</methodName></m>";
    for bad in [
        format!("{good}junk"),
        format!("{good}{good}"),
        format!("junk{good}"),
        format!("{good}&amp;"),
        format!("{good}<![CDATA[]]>"),
        format!(" <?xml version='1.0'?>{good}"),
        format!("<?xml version='1.0'>{good}"),
        format!("<?xml?>{good}"),
        format!("{good}<?XML x?>"),
        format!("{good}<??>"),
        good.replace("</m>", ""),
        good.replace("</m>", "</n>"),
        good.replace("<m>", "< m>"),
        good.replace("<m>", "<m a=1>"),
        good.replace("<m>", "<m a='1' a='2'>"),
        good.replace("</m>", "</m></m>"),
        good.replace("<m>", "<1>").replace("</m>", "</1>"),
        "<!-->".to_owned(),
        "<!--->".to_owned(),
        "<?>".to_owned(),
        "<!>".to_owned(),
        "<".to_owned(),
        "</".to_owned(),
        "&".to_owned(),
    ] {
        assert!(refused(&bad), "{bad}");
    }
    assert!(decode_call(b"<m><methodName>caf\xe9</methodName></m>").is_err());
}

/// B2.1.11
#[test]
fn a_doctype_is_refused_whatever_is_in_it() {
    for doctype in ["<!DOCTYPE m>", r#"<!DOCTYPE m [<!ENTITY e "v">]>"#, "<!doctype m>"] {
        assert!(refused(&format!("{doctype}<m><methodName>v</methodName></m>")), "{doctype}");
    }
}

/// B2.1.13
#[test]
fn depth_is_bounded_without_recursion() {
    let nested = |depth: usize| {
        let open = "<value><array><data>".repeat(depth);
        let close = "</data></array></value>".repeat(depth);
        param(&format!("{open}{close}"))
    };
    assert!(nested(300).is_ok());
    assert!(nested(MAX_DEPTH).is_err());
    assert!(refused(&"<a>".repeat(200_000)));
}

/// B2.1.13
#[test]
fn the_number_of_elements_is_bounded() {
    let body = format!("<m><methodName>v</methodName>{}</m>", "<a/>".repeat(super::MAX_CALL_ELEMENTS));
    assert!(refused(&body));
}

/// B2.2.3
#[test]
fn responses_carry_a_value_or_a_fault() {
    let fault = WireFault { code: 10, text: "BAD_NAME: <x>".to_owned() };
    assert_eq!(decode_response(encode_fault(&fault).as_bytes()), Ok(Err(fault)));
    assert_eq!(decode_response(encode_response(&text("3.0")).as_bytes()), Ok(Ok(text("3.0"))));
    for bad in [
        "<methodResponse/>",
        "<methodResponse><params/></methodResponse>",
        "<html><body>no</body></html>",
        "<m><fault><value>x</value></fault></m>",
    ] {
        assert!(decode_response(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// Enough of a generator to walk all shapes; the same seed, the same walk.
struct Seed(u64);

impl Seed {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn string(&mut self) -> String {
        const LETTERS: [&str; 16] =
            ["a", "Z", " ", "\n", "\t", "<", ">", "&", "\"", "'", "é", "€", "😀", "]]>", "\u{7f}", "&amp;"];
        (0..self.below(12)).map(|_| LETTERS[self.below(16) as usize]).collect()
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Int(self.below(u64::MAX) as i64 - (1 << 30)),
            1 => Value::Bool(self.below(2) == 1),
            2 => text(&self.string()),
            3 => Value::Double(self.below(1 << 31) as f64 / 1000.0 * 10_f64.powi(self.below(60) as i32 - 30)),
            4 => Value::DateTime(format!("2026{:02}{:02}T12:34:56", 1 + self.below(12), 1 + self.below(28))),
            5 => Value::Array((0..self.below(5)).map(|_| self.value(depth - 1)).collect()),
            _ => Value::Struct(
                (0..self.below(5)).map(|n| (format!("{n}{}", self.string()), self.value(depth - 1))).collect(),
            ),
        }
    }
}

/// B2.2.4, B2.2.5
#[test]
fn what_we_write_we_read_back() {
    for seed in 0..2000 {
        let mut from = Seed(seed);
        let params: Vec<Value> = (0..from.below(4)).map(|_| from.value(4)).collect();
        let call = decode_call(encode_call("a.b", &params).as_bytes());
        assert_eq!(call, Ok(Call { method: "a.b".to_owned(), params: params.clone() }), "seed {seed}");
        for value in params {
            assert_eq!(decode_response(encode_response(&value).as_bytes()), Ok(Ok(value)), "seed {seed}");
        }
    }
}
