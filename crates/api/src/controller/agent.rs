//! Agents and entry points by the names that clients of the reference product know.

/// The kind of agent that reports a runtime.
pub(super) fn agent_type(runtime: &str) -> &'static str {
    match runtime {
        "python" => "PYTHON_APP_AGENT",
        "nodejs" => "NODEJS_APP_AGENT",
        "dotnet" => "DOT_NET_APP_AGENT",
        "php" => "PHP_APP_AGENT",
        "ruby" => "RUBY_APP_AGENT",
        "go" => "GOLANG_SDK",
        "cpp" | "rust" | "swift" => "NATIVE_SDK",
        _ => "APP_AGENT",
    }
}

/// The kind of entry point of a business transaction of a category, on a tier of a runtime.
pub(super) fn entry_point_type(category: &str, runtime: &str) -> &'static str {
    match (category, runtime) {
        ("HTTP" | "GRAPHQL", "python") => "PYTHON_WEB",
        ("HTTP" | "GRAPHQL", "nodejs") => "NODEJS_WEB",
        ("HTTP" | "GRAPHQL", "dotnet") => "ASP_DOTNET",
        ("HTTP" | "GRAPHQL", "php") => "PHP_WEB",
        ("HTTP" | "GRAPHQL", "ruby") => "RUBY_WEB",
        ("HTTP" | "GRAPHQL", _) => "SERVLET",
        ("RPC", _) => "WEB_SERVICE",
        ("MESSAGING", _) => "JMS",
        _ => "POJO",
    }
}
