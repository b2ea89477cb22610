//! Small messages and their JSON, both ways; JSON that is forgiven; JSON and bytes that are refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use serde_json::Value;
use waypoint_xds_envoy::json::{self, JsonErrorKind, JsonRules};

/// Full name and canonical JSON.
const CANONICAL: &[(&str, &str)] = &[
    ("envoy.config.core.v3.Address", r#"{"socketAddress":{"address":"10.0.0.1","portValue":0}}"#),
    (
        "envoy.config.core.v3.Address",
        r#"{"envoyInternalAddress":{"serverListenerName":"a","endpointId":"b"}}"#,
    ),
    ("envoy.config.core.v3.SocketAddress", r#"{"protocol":"UDP","namedPort":""}"#),
    ("envoy.config.core.v3.SocketAddress", r#"{"protocol":7}"#),
    ("envoy.config.core.v3.DataSource", r#"{"inlineBytes":"AP8="}"#),
    ("envoy.config.core.v3.Locality", "{}"),
    ("envoy.config.listener.v3.Listener", r#"{"name":"a","useOriginalDst":false,"internalListener":{}}"#),
    ("envoy.config.cluster.v3.Cluster", r#"{"name":"c","type":"STRICT_DNS","connectTimeout":"0.250s"}"#),
    ("envoy.config.cluster.v3.Cluster.RingHashLbConfig", r#"{"minimumRingSize":"18446744073709551615"}"#),
    ("envoy.config.route.v3.RouteAction", r#"{"cluster":"c","prefixRewrite":"/","timeout":"0s"}"#),
    (
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        r#"{"rules":[{"match":{"prefix":"/"},"requires":{"requiresAny":{"requirements":[{"providerName":"p"},{"allowMissing":{}}]}}}]}"#,
    ),
    ("envoy.type.v3.Percent", r#"{"value":0.1}"#),
    ("envoy.type.v3.Percent", r#"{"value":"NaN"}"#),
    ("envoy.type.v3.Percent", r#"{"value":1e+21}"#),
    ("envoy.type.v3.Int64Range", r#"{"start":"-9223372036854775808","end":"9223372036854775807"}"#),
    ("envoy.type.v3.Int32Range", r#"{"start":-2147483648,"end":2147483647}"#),
    (
        "envoy.config.core.v3.Metadata",
        r#"{"filterMetadata":{"a":{"l":[1,"two",null,{},[]],"n":{"t":true}},"b":{}}}"#,
    ),
    (
        "stats.PluginConfig",
        r#"{"metrics":[{"dimensions":{"":"e","a":"","b":"c"},"tagsToRemove":["x","y"],"drop":true}],"reporter":"SERVER_GATEWAY"}"#,
    ),
    ("cel.expr.SourceInfo", r#"{"lineOffsets":[1,-1],"positions":{"-1":2,"2":1,"10":0}}"#),
    ("cel.expr.Constant", r#"{"nullValue":null}"#),
    ("google.protobuf.Any", "{}"),
    ("google.protobuf.Any", r#"{"@type":"type.googleapis.com/envoy.config.core.v3.Locality","zone":"z"}"#),
    ("google.protobuf.Any", r#"{"@type":"type.googleapis.com/google.protobuf.StringValue","value":""}"#),
    ("google.protobuf.Any", r#"{"@type":"t/google.protobuf.Duration","value":"-1.500s"}"#),
    ("google.protobuf.Any", r#"{"@type":"t/google.protobuf.Struct","value":{"a":1.5}}"#),
    ("google.protobuf.Any", r#"{"@type":"t/google.protobuf.Empty","value":{}}"#),
    (
        "google.protobuf.Any",
        r#"{"@type":"t/google.protobuf.Any","value":{"@type":"t/stats.PluginConfig","debug":true}}"#,
    ),
    ("google.protobuf.Any", r#"{"@type":"example.com/not.known","value":"AAEC"}"#),
    ("google.protobuf.BoolValue", "false"),
    ("google.protobuf.BytesValue", r#""AA==""#),
    ("google.protobuf.FieldMask", r#""fooBar.baz,qux""#),
    ("google.protobuf.FieldMask", r#""""#),
    ("google.protobuf.FloatValue", "0.1"),
    ("google.protobuf.Int64Value", r#""-1""#),
    ("google.protobuf.ListValue", r#"[null,[]]"#),
    ("google.protobuf.Timestamp", r#""2026-11-23T14:16:50.500Z""#),
    ("google.protobuf.UInt32Value", "4294967295"),
    ("google.protobuf.Value", "null"),
    ("google.protobuf.Value", r#""\u0001\"\\""#),
];

/// Full name, JSON that means the same as a canonical one, and that.
const FORGIVEN: &[(&str, &str, &str)] = &[
    (
        "envoy.config.core.v3.Address",
        r#"{"socket_address":{"port_value":"80"}}"#,
        r#"{"socketAddress":{"portValue":80}}"#,
    ),
    (
        "envoy.config.core.v3.SocketAddress",
        r#"{"protocol":1,"address":null,"portValue":8e1}"#,
        r#"{"protocol":"UDP","portValue":80}"#,
    ),
    ("envoy.config.core.v3.SocketAddress", r#"{"protocol":"TCP","address":""}"#, "{}"),
    ("envoy.config.core.v3.DataSource", r#"{"inlineBytes":"-_8"}"#, r#"{"inlineBytes":"+/8="}"#),
    (
        "envoy.config.cluster.v3.Cluster",
        r#"{"connectTimeout":"1.5s","filters":[]}"#,
        r#"{"connectTimeout":"1.500s"}"#,
    ),
    ("envoy.type.v3.Percent", r#"{"value":"50"}"#, r#"{"value":50}"#),
    (
        "google.protobuf.Any",
        r#"{"zone":"z","@type":"t/envoy.config.core.v3.Locality"}"#,
        r#"{"@type":"t/envoy.config.core.v3.Locality","zone":"z"}"#,
    ),
    (
        "google.protobuf.Any",
        r#"{"@type":"t/google.protobuf.Empty"}"#,
        r#"{"@type":"t/google.protobuf.Empty","value":{}}"#,
    ),
    ("google.protobuf.Timestamp", r#""2026-11-23T16:16:50.5+02:00""#, r#""2026-11-23T14:16:50.500Z""#),
];

/// Full name, JSON, and the error.
const REFUSED: &[(&str, &str, &str)] = &[
    ("no.such.Message", "{}", r#"unknown message type "no.such.Message""#),
    ("envoy.config.core.v3.Locality", "[]", "expected an object, found an array"),
    (
        "envoy.config.core.v3.Locality",
        r#"{"zonk":1}"#,
        r#"envoy.config.core.v3.Locality has no field "zonk""#,
    ),
    (
        "envoy.config.core.v3.Locality",
        r#"{"subZone":"a","sub_zone":"b"}"#,
        "sub_zone: the field is there twice",
    ),
    (
        "envoy.config.core.v3.SocketAddress",
        r#"{"portValue":1,"namedPort":"a"}"#,
        "namedPort: another member of its oneof is there too",
    ),
    (
        "envoy.config.core.v3.SocketAddress",
        r#"{"portValue":-1}"#,
        r#"portValue: "-1" is not an unsigned 32 bit integer"#,
    ),
    (
        "envoy.config.core.v3.SocketAddress",
        r#"{"protocol":"QUIC"}"#,
        r#"protocol: unknown enum value "QUIC""#,
    ),
    (
        "envoy.config.listener.v3.Listener",
        r#"{"filterChains":[{},{"filters":[{"name":1}]}]}"#,
        "filterChains[1].filters[0].name: expected a string, found a number",
    ),
    (
        "envoy.config.core.v3.Metadata",
        r#"{"filterMetadata":{"a":1}}"#,
        "filterMetadata.a: expected an object, found a number",
    ),
    ("google.protobuf.Any", r#"{"value":""}"#, r#"an Any needs "@type""#),
    ("google.protobuf.Any", r#"{"@type":"t/not.known","field":1}"#, r#"unknown message type "not.known""#),
    (
        "google.protobuf.Any",
        r#"{"@type":"t/google.protobuf.Duration","value":"1"}"#,
        r#"value: "1" is not a duration"#,
    ),
    ("google.protobuf.Int32Value", "1.5", r#""1.5" is not a 32 bit integer"#),
    (
        "google.protobuf.FloatValue",
        "1e39",
        r#""1000000000000000000000000000000000000000" is not a number that fits a float"#,
    ),
];

fn read(name: &str, json: &str) -> Result<Vec<u8>, json::JsonError> {
    json::from_json(name, &serde_json::from_str(json).unwrap())
}

#[test]
fn canonical_json_comes_back() {
    for (name, text) in CANONICAL {
        let wire = read(name, text).unwrap_or_else(|error| panic!("{name} {text}: {error}"));
        assert_eq!(json::encode(name, &wire).as_deref(), Ok(*text), "{name}");
    }
}

#[test]
fn forgives_what_protojson_forgives() {
    for (name, text, canonical) in FORGIVEN {
        assert_eq!(read(name, text), read(name, canonical), "{text}");
        assert_eq!(json::encode(name, &read(name, text).unwrap()).as_deref(), Ok(*canonical), "{text}");
    }
}

#[test]
fn refuses_and_says_where() {
    for (name, text, expected) in REFUSED {
        assert_eq!(read(name, text).unwrap_err().to_string(), *expected, "{text}");
    }
}

#[test]
fn unknown_fields_and_enum_values_can_be_ignored() {
    let json = serde_json::json!({"zonk": 1, "protocol": "QUIC", "portValue": 80});
    let name = "envoy.config.core.v3.SocketAddress";
    let wire = json::from_json_with(name, &json, JsonRules::Lenient).unwrap();
    assert_eq!(json::encode(name, &wire).as_deref(), Ok(r#"{"portValue":80}"#));
}

#[test]
fn reads_the_wire_as_every_protobuf_does() {
    // Fields out of order, a scalar twice, an unknown field, and the other member of a oneof before the last.
    let socket = [0x20, 1, 0x18, 80, 0x12, 1, b'x', 0xf8, 0x01, 5, 0x12, 1, b'y', 0x1a, 0];
    let wire = &socket[..13];
    assert_eq!(
        json::encode("envoy.config.core.v3.SocketAddress", wire).as_deref(),
        Ok(r#"{"address":"y","portValue":80}"#)
    );
    // A message twice merges.
    let address = [0x0a, 3, 0x12, 1, b'x', 0x0a, 2, 0x18, 80];
    assert_eq!(
        json::encode("envoy.config.core.v3.Address", &address).as_deref(),
        Ok(r#"{"socketAddress":{"address":"x","portValue":80}}"#)
    );
    // Packed and not.
    let offsets = [0x1a, 2, 1, 2, 0x18, 3, 0x1a, 0];
    assert_eq!(json::encode("cel.expr.SourceInfo", &offsets).as_deref(), Ok(r#"{"lineOffsets":[1,2,3]}"#));
}

#[test]
fn refuses_deep_nesting() {
    // A google.protobuf.Value of a list of a Value of a list and so on.
    let nested = |levels: usize| {
        let (mut value, mut wire) = (Value::from(Vec::<Value>::new()), vec![0x32, 0]);
        for _ in 0..levels {
            value = Value::Array(vec![value]);
            for tag in [0x0a, 0x32] {
                let mut outer = Vec::new();
                prost::encoding::encode_varint(tag, &mut outer);
                prost::encoding::encode_varint(wire.len() as u64, &mut outer);
                outer.extend(wire);
                wire = outer;
            }
        }
        (value, wire)
    };
    let name = "google.protobuf.Value";
    let (value, wire) = nested(49);
    assert_eq!(json::from_json(name, &value).as_ref(), Ok(&wire));
    assert_eq!(json::encode(name, &wire), Ok(value.to_string()));
    let (value, wire) = nested(50);
    assert_eq!(json::from_json(name, &value).unwrap_err().kind, JsonErrorKind::TooDeep);
    assert_eq!(json::encode(name, &wire).unwrap_err().kind, JsonErrorKind::TooDeep);
    assert!(json::encode(name, &nested(10_000).1).is_err());
}
