//! Arbitrary bytes as messages of every type: nothing panics, and what prost-reflect can say we say the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::sync::LazyLock;

use proptest::prelude::*;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use waypoint_xds_envoy::json::{self, JsonError, JsonErrorKind as Kind};

/// Every type that is not an entry of a map.
static MESSAGES: LazyLock<Vec<MessageDescriptor>> = LazyLock::new(|| {
    let bytes = include_bytes!("../src/generated/descriptors.binpb");
    let pool = DescriptorPool::decode(bytes.as_slice()).unwrap();
    pool.all_messages().filter(|message| !message.is_map_entry()).collect()
});

/// Bytes that are often a message: fields of low numbers, of texts, numbers and other such messages.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let varint = prop_oneof![Just(0_u64), 0..300_u64, any::<u64>()];
    let scalar = (1..24_u32, varint).prop_map(|(number, value)| {
        let mut out = Vec::new();
        prost::encoding::encode_key(number, prost::encoding::WireType::Varint, &mut out);
        prost::encoding::encode_varint(value, &mut out);
        out
    });
    let text = (1..24_u32, "[a-z]{0,3}").prop_map(|(number, text)| delimited(number, text.as_bytes()));
    // Go keeps a negative zero, prost-reflect takes it for the default.
    let double =
        (1..24_u32, any::<f64>().prop_filter("-0", |value| *value != 0.0)).prop_map(|(number, value)| {
            let mut out = Vec::new();
            prost::encoding::double::encode(number, &value, &mut out);
            out
        });
    prop_oneof![3 => scalar, 3 => text, 1 => double].prop_recursive(5, 40, 4, |inner| {
        (1..24_u32, prop::collection::vec(inner, 0..4))
            .prop_map(|(number, parts)| delimited(number, &parts.concat()))
    })
}

fn delimited(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut out);
    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
    out.extend_from_slice(bytes);
    out
}

/// With every number a double: prost-reflect says `0.0` where `protojson` says `0`.
fn doubles(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => number.as_f64().unwrap().into(),
        Value::Array(items) => items.into_iter().map(doubles).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, doubles(value))).collect(),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn says_what_prost_reflect_says(wire in prop::collection::vec(fields(), 0..4).prop_map(|parts| parts.concat())) {
        for message in MESSAGES.iter() {
            let ours = json::encode(message.full_name(), &wire);
            let Ok(decoded) = DynamicMessage::decode(message.clone(), wire.as_slice()) else { continue };
            let Ok(theirs) = serde_json::to_value(&decoded) else { continue };
            let ours = match ours {
                Ok(text) => text,
                // `protojson` refuses them as we do: a Value of no kind, an empty path in a FieldMask and the
                // like; and prost refuses a wire type that is not a map's, which prost-reflect takes for an
                // unknown field.
                Err(JsonError { kind: Kind::UnsayableValue | Kind::Invalid { .. } | Kind::Malformed(_), .. }) => continue,
                Err(error) => return Err(TestCaseError::fail(format!("{}: {error}", message.full_name()))),
            };
            let value: serde_json::Value = serde_json::from_str(&ours).unwrap();
            prop_assert_eq!(doubles(value.clone()), doubles(theirs), "{}", message.full_name());
            // And back: the same message, so the same JSON.
            let again = json::from_json(message.full_name(), &value).and_then(|wire| json::encode(message.full_name(), &wire));
            prop_assert_eq!(again, Ok(ours), "{}", message.full_name());
        }
    }

    #[test]
    fn no_bytes_panic(wire in prop::collection::vec(any::<u8>(), 0..40), at in any::<prop::sample::Index>()) {
        let message = at.get(&MESSAGES);
        if let Ok(text) = json::encode(message.full_name(), &wire) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        }
    }
}
