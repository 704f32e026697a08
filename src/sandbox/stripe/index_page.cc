#include "sandbox/stripe/index_page.h"

#include <string>

#include "sandbox/stripe/events.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Turnpike sandbox</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem }
code, pre { background: #f3f3f3; border-radius: 4px; padding: .1rem .3rem }
pre { padding: 1rem; overflow-x: auto }
</style></head>
<body>
<h1>Turnpike sandbox</h1>
<p>A stateful, offline twin of Stripe's API, version <code>@VERSION@</code>. No card is charged and
nothing leaves this machine, except webhooks to the endpoints that you register.</p>
<p>Any key <code>sk_test_</code> followed by letters and digits opens an account of its own:</p>
<pre>curl @BASE@/v1/customers -u sk_test_demo: -d email=ada@example.com</pre>
<p>With Stripe's own library:</p>
<pre>const stripe = new Stripe('sk_test_demo', { host, port, protocol: 'http' });</pre>
<p>Stripe's test cards decide what is declined, and test clocks make months pass. What the sandbox
does not do it refuses by name.</p>
</body></html>
)html";

void replace(std::string& text, std::string_view mark, std::string_view with) {
    const auto at = text.find(mark);
    if (at != std::string::npos) text.replace(at, mark.size(), with);
}

/// A Host header is the caller's text.
std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        if (c == '<' || c == '>' || c == '&' || c == '"') continue;
        safe += c;
    }
    return safe;
}

}  // namespace

http::Response general_page(const http::Request& request) {
    if (request.path == "/healthz") return http::text_response(200, "ok\n");
    const auto* host = request.header("Host");
    std::string page(kPage);
    replace(page, "@VERSION@", kApiVersion);
    replace(page, "@BASE@", "http://" + escaped(host == nullptr ? "127.0.0.1" : *host));
    return http::html_response(200, page);
}

}  // namespace turnpike::twin
