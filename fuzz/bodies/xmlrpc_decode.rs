//! A request or response body from anybody. What was read can be written, and
//! what was written is read as the same: our bytes have one meaning.

use supervisord::rpc::{Dispatch, dispatch, multicall_step};
use supervisord::xmlrpc::{Call, decode_call, decode_response, encode_call, encode_fault, encode_response};

/// Longer bodies can nest deeper than what is written for them could be read.
const ROUND_TRIP_BYTES: usize = 4096;

pub(super) fn run(data: &[u8]) {
    match decode_response(data) {
        Ok(Ok(value)) => drop(encode_response(&value)),
        Ok(Err(fault)) => drop(encode_fault(&fault)),
        Err(_) => {}
    }
    let Ok(call) = decode_call(data) else { return };
    route(&call);
    if data.len() <= ROUND_TRIP_BYTES {
        // The first writing may change what XML cannot carry; the second not.
        let once = written_and_read(&call);
        let twice = written_and_read(&once);
        assert_eq!(encode_call(&once.method, &once.params), encode_call(&twice.method, &twice.params));
    }
}

fn written_and_read(call: &Call) -> Call {
    let bytes = encode_call(&call.method, &call.params);
    decode_call(bytes.as_bytes()).unwrap_or_else(|error| panic!("{error:?} in our own bytes: {bytes}"))
}

fn route(call: &Call) {
    let namespaces = ["supervisor".to_owned()];
    match dispatch(&call.method, call.params.clone(), &namespaces) {
        Ok(Dispatch::Multicall(calls)) => calls.into_iter().for_each(|call| drop(multicall_step(call, &namespaces))),
        Ok(Dispatch::System(_) | Dispatch::Call(_)) => {}
        Err(fault) => drop(fault.text()),
    }
}
