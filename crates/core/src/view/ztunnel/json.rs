//! The messages of ztunnel as JSON that people can read: addresses are texts instead of base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use envoy::istio::{security, workload};
use envoy::{Message, Name};
use serde_json::Value;

use crate::view::json;
use crate::ztunnel::ip;

/// A workload.
#[must_use]
pub fn workload(message: &workload::Workload) -> Value {
    readable(message)
}

/// A Service.
#[must_use]
pub fn service(message: &workload::Service) -> Value {
    readable(message)
}

/// A policy.
#[must_use]
pub fn policy(message: &security::Authorization) -> Value {
    readable(message)
}

fn readable<M: Message + Name>(message: &M) -> Value {
    let mut value = json::value(message);
    write_addresses(&mut value);
    value
}

/// Writes the addresses in a value as texts: in these messages all fields of these names are bytes, if they
/// are no messages themselves.
fn write_addresses(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), field) {
                    ("address", Value::String(bytes)) => write_address(bytes),
                    ("addresses", Value::Array(items)) => {
                        for item in items {
                            match item {
                                Value::String(bytes) => write_address(bytes),
                                other => write_addresses(other),
                            }
                        }
                    }
                    (_, field) => write_addresses(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_addresses),
        _ => {}
    }
}

fn write_address(bytes: &mut String) {
    if let Some(ip) = STANDARD.decode(&*bytes).ok().and_then(|bytes| ip(&bytes)) {
        *bytes = ip.to_string();
    }
}
