//! Which handler a path belongs to (B2.6). Answers nothing itself.

use super::percent;
use crate::model::Channel;
use hyper::Method;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// `/RPC2`
    Rpc,
    /// `/logtail/NAME[/CHANNEL]`; `None` when the path names no log.
    LogTail(Option<(String, Channel)>),
    /// `/mainlogtail`
    MainLogTail,
    /// A page of the web interface.
    Page(Page),
    /// Anything else: the path without leading slashes.
    Static(String),
}

/// The pages of the web interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// `/`, `/index.html`
    Status,
    /// `/tail.html`
    Tail,
    /// `/ok.html`
    Ok,
}

/// The handler of `path`, which is as sent; the first rule that fits wins.
pub(super) fn route(method: &Method, path: &str) -> Route {
    let path = percent::decode(path);
    if path.starts_with("/RPC2") {
        return Route::Rpc;
    }
    if path.starts_with("/logtail") {
        return Route::LogTail(log_name(&path));
    }
    if path.starts_with("/mainlogtail") {
        return Route::MainLogTail;
    }
    let path = path.trim_start_matches('/');
    let page = match path {
        "" | "index.html" => Some(Page::Status),
        "tail.html" => Some(Page::Tail),
        "ok.html" => Some(Page::Ok),
        _ => None,
    };
    match page {
        Some(page) if method == Method::GET || method == Method::POST => Route::Page(page),
        _ => Route::Static(path.to_owned()),
    }
}

/// The process and stream that `/logtail.../NAME[/CHANNEL]` means (B2.9.1, B2.9.3).
fn log_name(path: &str) -> Option<(String, Channel)> {
    let (_, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (name, channel) = rest.split_once('/').unwrap_or((rest, "stdout"));
    let channel = [Channel::Stdout, Channel::Stderr].into_iter().find(|known| known.name() == channel)?;
    (!name.is_empty()).then(|| (name.to_owned(), channel))
}

#[cfg(test)]
mod tests {
    use super::{Page, Route, route};
    use crate::model::Channel;
    use hyper::Method;

    fn get(path: &str) -> Route {
        route(&Method::GET, path)
    }

    /// B2.1.1, B2.6.1
    #[test]
    fn rpc_is_a_prefix_in_exact_case() {
        for path in ["/RPC2", "/RPC2/", "/RPC2xyz", "/%52PC2"] {
            assert_eq!(get(path), Route::Rpc, "{path}");
        }
        assert_eq!(get("/rpc2"), Route::Static("rpc2".to_owned()));
    }

    /// B2.6.2, B2.9.1, B2.9.3
    #[test]
    fn log_paths_name_a_process_and_perhaps_a_channel() {
        let log = |name: &str, channel| Route::LogTail(Some((name.to_owned(), channel)));
        assert_eq!(get("/logtail/uni"), log("uni", Channel::Stdout));
        assert_eq!(get("/logtail/uni/stderr"), log("uni", Channel::Stderr));
        assert_eq!(get("/logtail/g%3Ap/stdout"), log("g:p", Channel::Stdout));
        assert_eq!(get("/logtailxyz/uni"), log("uni", Channel::Stdout));
        for path in ["/logtail", "/logtail/", "/logtail/uni/", "/logtail/uni/stdin", "/logtail/uni/stdout/more"] {
            assert_eq!(get(path), Route::LogTail(None), "{path}");
        }
        assert_eq!(get("/mainlogtailxyz/a"), Route::MainLogTail);
    }

    /// B2.6.1, B2.10.6
    #[test]
    fn pages_take_get_and_post_and_any_number_of_slashes() {
        assert_eq!(get("/"), Route::Page(Page::Status));
        assert_eq!(get("//index.html"), Route::Page(Page::Status));
        assert_eq!(route(&Method::POST, "/tail.html"), Route::Page(Page::Tail));
        assert_eq!(get("/ok.html"), Route::Page(Page::Ok));
        assert_eq!(route(&Method::HEAD, "/"), Route::Static(String::new()));
        assert_eq!(get("/images/icon.png"), Route::Static("images/icon.png".to_owned()));
    }
}
