//! What tells the releases apart in what binds to a waypoint.

use super::table::table;

table! {
    /// What binds to a waypoint, and how extensions are found.
    pub struct PolicyRules {
        /// How policies bind to a waypoint.
        pub attachment: PolicyAttachment,
        /// How WasmPlugins are called.
        pub extension_names: ExtensionNames,
        /// Which namespaces extensions are looked for in, and which come first.
        pub extension_order: ExtensionOrder,
        /// Whether an extension says what happens when it fails; else requests fail.
        pub fail_strategies: bool,
    }
}

/// How policies (telemetry, extensions, authorization, authentication) bind to a waypoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAttachment {
    /// By a selector of the waypoint's own pod.
    Selector,
    /// By references to the Gateway, its class or a Service; selectors never match a waypoint.
    TargetRefs,
}

/// How WasmPlugins are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionNames {
    /// As their object: `namespace.name`.
    OfObject,
    /// As the resource that Envoy discovers for them.
    OfResource,
    /// As the `TrafficExtension` into which a WasmPlugin is translated.
    Translated,
}

/// Which namespaces extensions are looked for in, and which come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionOrder {
    /// The root namespace, then the waypoint's.
    RootFirst,
    /// The waypoint's namespace, the root namespace, then the Service's.
    OwnFirst,
}
