//! From bytes to a [`Call`] or a response. As lenient as Python's parser about
//! shape (elements count by their name, at any depth), as strict as expat about
//! XML itself. Keeps its own stack: depth costs memory, never the call stack.

use super::wellformed::{
    check_attributes, check_comment, check_declaration, check_target, is_all_xml, is_name, is_space, reference,
};
use super::{Call, DecodeError, Value, WireFault, scalar, usual};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::collections::HashMap;
use std::vec::Drain;

/// Elements that may be open at once; an array in an array opens three. Enough
/// for 340 nested arrays, no client comes near (B2.1.13).
pub const MAX_DEPTH: usize = 1024;

/// Elements of a call, many times what a multicall over thousands of
/// processes has. Bounds memory before anything knows what is asked.
pub const MAX_CALL_ELEMENTS: usize = 500_000;

/// Elements of a response; `getAllProcessInfo` has 60 for each process.
pub const MAX_RESPONSE_ELEMENTS: usize = 4_000_000;

/// Members up to which comparing names is quicker than looking them up.
const FEW_MEMBERS: usize = 64;

/// Elements that are open at once in a call whose parameters are scalars, and a few.
const USUAL_DEPTH: usize = 8;

const OUTSIDE: &str = "text outside the root";

/// Reads a request body (B2.1.3–B2.1.13).
///
/// # Errors
/// [`DecodeError`]; upstream answers both with HTTP 400.
pub fn decode_call(body: &[u8]) -> Result<Call, DecodeError> {
    usual::read(body).map_or_else(|| decode_any_call(body), Ok)
}

/// The same for whatever a client may write.
pub(super) fn decode_any_call(body: &[u8]) -> Result<Call, DecodeError> {
    let found = Decoder::run(body, MAX_CALL_ELEMENTS)?;
    let method = found.method.filter(|method| !method.is_empty()).ok_or(DecodeError::NoMethodName)?;
    Ok(Call { method, params: found.params.unwrap_or_default() })
}

/// Reads a response body: the value, or the fault.
///
/// # Errors
/// [`DecodeError::Unmarshallable`] when it is no response.
pub fn decode_response(body: &[u8]) -> Result<Result<Value, WireFault>, DecodeError> {
    let found = Decoder::run(body, MAX_RESPONSE_ELEMENTS)?;
    if let Some(fault) = found.fault {
        return Ok(Err(wire_fault(fault)?));
    }
    let mut params = found.params.unwrap_or_default().into_iter();
    params.next().map(Ok).ok_or(DecodeError::Unmarshallable("a response without a value"))
}

pub(super) fn refuse<T>(why: &'static str) -> Result<T, DecodeError> {
    Err(DecodeError::Unmarshallable(why))
}

fn wire_fault(value: Value) -> Result<WireFault, DecodeError> {
    let bad = "a fault without code or text";
    let Value::Struct(members) = value else { return refuse(bad) };
    let (mut code, mut text) = (None, None);
    for member in members {
        match member {
            (name, Value::Int(number)) if name == "faultCode" => code = i32::try_from(number).ok(),
            (name, Value::Text(string)) if name == "faultString" => text = Some(string),
            _ => {}
        }
    }
    match (code, text) {
        (Some(code), Some(text)) => Ok(WireFault { code, text }),
        _ => refuse(bad),
    }
}

/// What an element's name makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Boolean,
    Text,
    Double,
    DateTime,
    Base64,
    Array,
    Data,
    Struct,
    Value,
    Param,
    Params,
    MethodName,
    Fault,
    /// `member`, `name`, `nil`, the root, and whatever else there is.
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            // i8 is no part of the standard, yet clients send it for numbers.
            "int" | "i4" | "i8" => Self::Int,
            "boolean" => Self::Boolean,
            "string" => Self::Text,
            "double" => Self::Double,
            "dateTime.iso8601" => Self::DateTime,
            "base64" => Self::Base64,
            "array" => Self::Array,
            "data" => Self::Data,
            "struct" => Self::Struct,
            "value" => Self::Value,
            "param" => Self::Param,
            "params" => Self::Params,
            "methodName" => Self::MethodName,
            "fault" => Self::Fault,
            _ => Self::Other,
        }
    }
}

/// An element that is still open.
struct Frame<'a> {
    kind: Kind,
    /// Up to the first child; what follows a child is nobody's. Nearly always a
    /// piece of the body, and often only the line end before a child.
    text: Cow<'a, str>,
    /// Where its children begin among those that have closed.
    first_child: usize,
}

/// An element that has closed.
enum Node<'a> {
    Value(Value),
    /// A [`Kind::Other`]; a struct reads its members from the children.
    Other {
        text: Cow<'a, str>,
        children: Vec<Value>,
    },
}

impl Node<'_> {
    /// [`Value::Nil`] when there was nothing in it.
    fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Other { text, .. } => text_or_nil(text),
        }
    }
}

#[derive(Default)]
struct Decoder<'a> {
    open: Vec<Frame<'a>>,
    /// The children of all open elements, those of the innermost one last: one
    /// list for all, since a list for each element costs more than its contents.
    closed: Vec<Node<'a>>,
    elements: usize,
    root_closed: bool,
    method: Option<String>,
    params: Option<Vec<Value>>,
    fault: Option<Value>,
}

impl<'a> Decoder<'a> {
    fn run(body: &'a [u8], max_elements: usize) -> Result<Self, DecodeError> {
        let Ok(text) = std::str::from_utf8(body) else { return refuse("not UTF-8") };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !is_all_xml(text) {
            return refuse("a character that XML forbids");
        }
        let has_cr = text.contains('\r');
        let mut reader = Reader::from_str(text);
        let mut decoder = Self { open: Vec::with_capacity(USUAL_DEPTH), ..Self::default() };
        let mut first = true;
        loop {
            let Ok(event) = reader.read_event() else { return refuse("not well-formed") };
            match event {
                Event::Start(tag) => {
                    decoder.start(&tag, max_elements)?;
                    reader.config_mut().trim_text_start = false;
                }
                Event::Empty(tag) => {
                    decoder.start(&tag, max_elements)?;
                    decoder.end()?;
                    reader.config_mut().trim_text_start = true;
                }
                Event::End(_) => {
                    decoder.end()?;
                    // the line end that nearly always comes next is nobody's text
                    reader.config_mut().trim_text_start = true;
                }
                Event::Text(text) if text.contains(']') && text.contains("]]>") => return refuse("]]> in text"),
                Event::Text(text) if has_cr => decoder.text(text.xml10_content())?,
                Event::Text(text) => decoder.text(text.into_inner())?,
                Event::CData(_) | Event::GeneralRef(_) if decoder.open.is_empty() => return refuse(OUTSIDE),
                Event::CData(text) => decoder.text(text.xml10_content())?,
                Event::GeneralRef(name) => decoder.text(Cow::Owned(reference(&name)?.to_string()))?,
                Event::Comment(inside) => check_comment(&inside)?,
                Event::Decl(decl) if first => check_declaration(decl.strip_prefix("xml").unwrap_or_default())?,
                Event::Decl(_) => return refuse("a declaration that is not first"),
                Event::PI(pi) => check_target(pi.target())?,
                Event::DocType(_) => return refuse("a DOCTYPE"),
                Event::Eof if decoder.root_closed && decoder.open.is_empty() => return Ok(decoder),
                Event::Eof => return refuse("an end before the end"),
            }
            first = false;
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, max_elements: usize) -> Result<(), DecodeError> {
        self.elements += 1;
        if self.root_closed || self.open.len() == MAX_DEPTH || self.elements > max_elements {
            return refuse("a second root, too deep or too many elements");
        }
        let name = tag.name();
        let kind = Kind::of(name.as_ref());
        if kind == Kind::Other && !is_name(name.as_ref()) {
            return refuse("an element without a name");
        }
        let attributes = tag.attributes_raw();
        if !attributes.is_empty() {
            check_attributes(attributes)?;
        }
        self.open.push(Frame { kind, text: Cow::Borrowed(""), first_child: self.closed.len() });
        Ok(())
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<(), DecodeError> {
        match self.open.last_mut() {
            Some(frame) if self.closed.len() > frame.first_child => {}
            Some(frame) if frame.text.is_empty() => frame.text = text,
            Some(frame) => frame.text.to_mut().push_str(&text),
            None if text.chars().all(is_space) => {}
            None => return refuse(OUTSIDE),
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), DecodeError> {
        let Some(frame) = self.open.pop() else { return refuse("an end without a start") };
        self.root_closed = self.open.is_empty();
        // nobody asks what the root amounts to
        if !self.root_closed || frame.kind != Kind::Other {
            let node = self.close(frame)?;
            self.closed.push(node);
        }
        Ok(())
    }

    /// What an element amounts to, once all of it has been seen. Its children
    /// are taken off the list.
    fn close(&mut self, frame: Frame<'a>) -> Result<Node<'a>, DecodeError> {
        let Frame { kind, text, first_child } = frame;
        let children = self.closed.drain(first_child..);
        let value = match kind {
            Kind::Int => scalar::int(&text)?,
            Kind::Boolean => Value::Bool(text == "1"),
            Kind::Text => Value::Text(text.into_owned()),
            Kind::Double => Value::Double(scalar::double(&text)?),
            Kind::DateTime => Value::DateTime(scalar::date_time(&text)?),
            Kind::Base64 => Value::Text(scalar::base64(&text)?),
            Kind::Array => first(children, "an <array> without <data>")?,
            Kind::Data => Value::Array(values(children)),
            Kind::Struct => members(children)?,
            Kind::Value if children.len() == 0 => Value::Text(text.into_owned()),
            Kind::Value => first(children, "no value")?,
            Kind::Param => first(children, "a <param> without <value>")?,
            // Where a value is expected, these count like any unknown element.
            Kind::Params => {
                self.params = Some(values(children));
                return Ok(Node::Other { text, children: Vec::new() });
            }
            Kind::Fault => {
                self.fault = first(children, "no value").ok();
                return Ok(Node::Other { text, children: Vec::new() });
            }
            Kind::MethodName => {
                self.method = Some(text.clone().into_owned());
                return Ok(Node::Other { text, children: Vec::new() });
            }
            Kind::Other => return Ok(Node::Other { text, children: values(children) }),
        };
        Ok(Node::Value(value))
    }
}

fn text_or_nil(text: Cow<'_, str>) -> Value {
    if text.is_empty() { Value::Nil } else { Value::Text(text.into_owned()) }
}

fn values(nodes: Drain<'_, Node<'_>>) -> Vec<Value> {
    nodes.map(Node::into_value).collect()
}

fn first(mut nodes: Drain<'_, Node<'_>>, none: &'static str) -> Result<Value, DecodeError> {
    nodes.next().map(Node::into_value).ok_or(DecodeError::Unmarshallable(none))
}

/// A struct's members: each child has two children, a name and a value. Of two
/// of one name the last wins, in the place of the first, as in a Python dict.
fn members(nodes: Drain<'_, Node<'_>>) -> Result<Value, DecodeError> {
    let mut members: Vec<(String, Value)> = Vec::with_capacity(nodes.len());
    // a struct of the API has a few members: they are compared; an attack's are looked up
    let mut places: HashMap<String, usize> = HashMap::new();
    let many = nodes.len() > FEW_MEMBERS;
    for node in nodes {
        let children = match node {
            Node::Value(_) => Vec::new(),
            Node::Other { children, .. } => children,
        };
        let Ok([name, value]) = <[Value; 2]>::try_from(children) else {
            return refuse("a <member> that is not a name and a value");
        };
        let name = match name {
            Value::Text(name) => name,
            Value::Nil => String::new(),
            _ => return refuse("a member's name that is no text"),
        };
        let place =
            if many { places.get(&name).copied() } else { members.iter().position(|(known, _)| *known == name) };
        match place.and_then(|place| members.get_mut(place)) {
            Some(member) => member.1 = value,
            None => {
                if many {
                    places.insert(name.clone(), members.len());
                }
                members.push((name, value));
            }
        }
    }
    Ok(Value::Struct(members))
}

#[cfg(test)]
mod tests;
