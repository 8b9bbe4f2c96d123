//! Text inside HTML.

/// Text that is shown as it is, in elements and in quoted attributes; the only
/// way by which names, logs and messages get into a page.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A whole page; `body` is HTML already.
pub(super) fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8" />
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <title>{title}</title>
  <link href="stylesheets/supervisor.css" rel="stylesheet" type="text/css" />
  <link href="images/icon.png" rel="icon" type="image/png" />
</head>
<body>
{body}</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::{document, escape};

    /// B2.11.12
    #[test]
    fn nothing_that_html_reads_gets_through() {
        assert_eq!(escape(r#"<b>&amp;"it's""#), "&lt;b&gt;&amp;amp;&quot;it&#39;s&quot;");
        assert_eq!(escape("café €"), "café €");
        assert!(document("a<b", "").contains("<title>a&lt;b</title>"));
    }
}
