//! The answer to `getAllProcessInfo`, shared by all who ask at one moment.
//!
//! It is the largest answer that many clients ask for again and again. Gathering
//! and writing it once for all of them is what keeps a crowd of dashboards cheap.

use super::{ProcessInfo, Reply, render};
use crate::xmlrpc::Encoder;
use std::sync::{Arc, OnceLock};

/// Every process, and the response that tells of them once somebody wants it.
#[derive(Debug, Default)]
pub struct Infos {
    list: Vec<ProcessInfo>,
    response: OnceLock<String>,
}

impl Infos {
    /// The processes in the order of the answer (B1.8.11).
    #[must_use]
    pub fn new(list: Vec<ProcessInfo>) -> Arc<Self> {
        Arc::new(Self { list, response: OnceLock::new() })
    }

    /// The processes.
    #[must_use]
    pub fn list(&self) -> &[ProcessInfo] {
        &self.list
    }

    /// The whole response (B2.2.2), written by whoever asks first.
    pub fn response(self: &Arc<Self>) -> &str {
        self.response.get_or_init(|| {
            let reply = Reply::Infos(Arc::clone(self));
            let mut response = Encoder::response(render::size_hint(&reply));
            render::render(&reply, &mut response);
            response.finish()
        })
    }
}

impl PartialEq for Infos {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}
