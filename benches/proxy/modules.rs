//! Filters that do one thing each, in the text format of WebAssembly.

/// What a module does more than the empty one.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    imports: &'static str,
    /// Callbacks besides the two.
    callbacks: &'static str,
    /// A call for a request; what it answers is dropped.
    does: &'static str,
    /// How often the call is made.
    pub(crate) times: usize,
    /// What the request is answered with.
    pub(crate) expected: u16,
}

const NOTHING: Part = Part {
    name: "empty",
    imports: "",
    callbacks: "",
    does: "",
    times: 1,
    expected: 200,
};

const PAIRS: &str = r#"(import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))"#;
const VALUE: &str =
    r#"(import "env" "proxy_get_header_map_value" (func $value (param i32 i32 i32 i32 i32) (result i32)))"#;
const ADD: &str = r#"(import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))"#;
const REPLACE: &str =
    r#"(import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))"#;
const REMOVE: &str =
    r#"(import "env" "proxy_remove_header_map_value" (func $remove (param i32 i32 i32) (result i32)))"#;
const TIME: &str = r#"(import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))"#;
const CLOCK: &str =
    r#"(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))"#;
const PROPERTY: &str = r#"(import "env" "proxy_get_property" (func $property (param i32 i32 i32 i32) (result i32)))"#;
const METRIC: &str = r#"
    (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))"#;
const RESPOND: &str = r#"(import "env" "proxy_send_local_response"
    (func $respond (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))"#;

pub(crate) const PARTS: &[Part] = &[
    NOTHING,
    Part {
        name: "+ proxy_on_delete",
        callbacks: "(func (export \"proxy_on_delete\") (param i32))",
        ..NOTHING
    },
    Part {
        name: "+ on_done, on_log, on_delete",
        callbacks: "(func (export \"proxy_on_delete\") (param i32)) (func (export \"proxy_on_log\") (param i32))
            (func (export \"proxy_on_done\") (param i32) (result i32) i32.const 1)",
        ..NOTHING
    },
    Part {
        name: "+ proxy_on_response_headers",
        callbacks: "(func (export \"proxy_on_response_headers\") (param i32 i32 i32) (result i32) i32.const 0)",
        ..NOTHING
    },
    Part {
        name: "get_current_time",
        imports: TIME,
        does: "(call $time (i32.const 512))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "WASI clock_time_get (monotonic)",
        imports: CLOCK,
        does: "(call $clock (i32.const 1) (i64.const 0) (i32.const 512))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "get_header_map_pairs",
        imports: PAIRS,
        does: "(call $pairs (i32.const 0) (i32.const 512) (i32.const 516))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "get_header_map_value (authorization)",
        imports: VALUE,
        does: "(call $value (i32.const 0) (i32.const 0) (i32.const 13) (i32.const 512) (i32.const 516))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "add_header_map_value",
        imports: ADD,
        does: "(call $add (i32.const 0) (i32.const 64) (i32.const 15) (i32.const 160) (i32.const 8))",
        ..NOTHING
    },
    Part {
        name: "replace_header_map_value",
        imports: REPLACE,
        does: "(call $replace (i32.const 0) (i32.const 64) (i32.const 15) (i32.const 160) (i32.const 8))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "remove_header_map_value of none",
        imports: REMOVE,
        does: "(call $remove (i32.const 0) (i32.const 64) (i32.const 15))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "get_property source.address",
        imports: PROPERTY,
        does: "(call $property (i32.const 32) (i32.const 14) (i32.const 512) (i32.const 516))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "increment_metric",
        imports: METRIC,
        does: "(call $increment (i32.load (i32.const 520)) (i64.const 1))",
        times: 8,
        ..NOTHING
    },
    Part {
        name: "send_local_response 401, without headers",
        imports: RESPOND,
        does: "(call $respond (i32.const 401) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 600) (i32.const 4) (i32.const -1))",
        expected: 401,
        ..NOTHING
    },
];

/// The least that any filter does that looks at a header field.
pub(crate) const READS: Part = Part {
    name: "reads the request's head",
    imports: PAIRS,
    does: "(call $pairs (i32.const 0) (i32.const 512) (i32.const 516))",
    ..NOTHING
};

/// The calls that the plugin makes for a request that passes, without a check.
pub(crate) const CALLS: Part = Part {
    name: "the plugin's calls alone",
    imports: r#"
    (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
    (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
    (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))"#,
    callbacks: "(func (export \"proxy_on_delete\") (param i32))",
    does: "(call $pairs (i32.const 0) (i32.const 512) (i32.const 516)) drop
        (call $time (i32.const 512)) drop
        (call $add (i32.const 0) (i32.const 64) (i32.const 15) (i32.const 160) (i32.const 8)) drop
        (call $add (i32.const 0) (i32.const 80) (i32.const 17) (i32.const 160) (i32.const 0)) drop
        (call $add (i32.const 0) (i32.const 100) (i32.const 16) (i32.const 160) (i32.const 0)) drop
        (call $add (i32.const 0) (i32.const 120) (i32.const 19) (i32.const 168) (i32.const 4))",
    ..NOTHING
};

impl Part {
    /// The whole module.
    pub(crate) fn text(&self) -> String {
        let Self {
            imports,
            callbacks,
            does,
            times,
            ..
        } = self;
        let does = match *does {
            "" => String::new(),
            does => format!("{does} drop ").repeat(*times),
        };
        let answer = if self.expected == 200 {
            "i32.const 0"
        } else {
            "i32.const 1"
        };
        // The root context is created first, and a metric is defined then.
        let begun = if imports.contains("$define") {
            "(if (i32.eqz (local.get 1)) (then
                (drop (call $define (i32.const 0) (i32.const 144) (i32.const 6) (i32.const 520)))))"
        } else {
            ""
        };
        format!(
            r#"(module
    {imports}
    (memory (export "memory") 2)
    (data (i32.const 0) "authorization")
    (data (i32.const 32) "source\00address")
    (data (i32.const 64) "x-tollgate-user")
    (data (i32.const 80) "x-tollgate-client")
    (data (i32.const 100) "x-tollgate-scope")
    (data (i32.const 120) "x-tollgate-token-id")
    (data (i32.const 144) "checks")
    (data (i32.const 160) "someuserat0123456789")
    (func (export "proxy_abi_version_0_2_1"))
    (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 4096)
    (func (export "proxy_on_context_create") (param i32 i32) {begun})
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {does} {answer})
    {callbacks}
)"#
        )
    }
}
