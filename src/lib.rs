//! The process manager and its four programs, floor by floor.
//!
//! The modules stand here in the order of the house: each sees only modules
//! above its own line, and `tests/layers.rs` keeps that. `model`, `xmlrpc`,
//! `config`, `manager` and `rpc` only think: they read no clock, open no file
//! and know no runtime. ARCHITECTURE.md is the guided tour.

pub mod model;
pub mod xmlrpc;
pub mod config;
pub mod manager;
pub mod rpc;
pub mod sys;
pub mod logs;
pub mod pump;
pub mod engine;
pub mod http;
pub mod client;
pub mod ctl;
pub mod daemon;
pub mod tools;
