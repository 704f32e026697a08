#include "sandbox/stripe/testing/testing.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace turnpike::twin::testing {
namespace {

template <class T>
T wait_for(asio::awaitable<T> work) {
    asio::io_context io;
    auto future = asio::co_spawn(io, std::move(work), asio::use_future);
    io.run();
    return future.get();
}

void add_shape(const Json& node, const std::string& path, std::vector<std::string>& found) {
    if (node.is_array() && !node.empty()) add_shape(node.front(), path, found);
    if (!node.is_object() || path.ends_with("metadata")) return;
    for (const auto& [name, value] : node.items()) {
        const std::string full = path.empty() ? name : path + "." + name;
        found.push_back(full);
        add_shape(value, full, found);
    }
}

}  // namespace

std::string Reply::header(std::string_view name) const {
    const auto* value = http::find_header(headers, name);
    return value == nullptr ? "" : *value;
}

std::string Reply::error(std::string_view member) const {
    const auto error = body.find("error");
    if (error == body.end() || !error->contains(member)) return "";
    return error->at(std::string(member)).get<std::string>();
}

TwinUnderTest::TwinUnderTest(Surroundings surroundings, TwinConfig::RateLimits rate_limits)
    : surroundings_(surroundings), rate_limits_(rate_limits) {
    restart();
}

void TwinUnderTest::restart() {
    twin_.reset();
    auto opened = Twin::open(
        {.data_dir = folder_.path(), .surroundings = surroundings_, .rate_limits = rate_limits_},
        clock_, ids_);
    if (!opened) throw std::runtime_error(opened.error().message);
    twin_ = *std::move(opened);
}

Reply TwinUnderTest::send(http::Method method, std::string_view target, std::string_view form,
                          http::Headers headers) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    request.headers = std::move(headers);
    if (request.header("Authorization") == nullptr)
        request.headers.emplace_back("Authorization", "Bearer " + key_);
    if (!form.empty() && request.header("Content-Type") == nullptr)
        request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = form;

    const auto response = wait_for(twin_->handle(request));
    Reply reply{
        .status = response.status, .headers = response.headers, .body = {}, .text = response.body};
    if (auto json = parse_json(response.body)) reply.body = *std::move(json);
    return reply;
}

Reply TwinUnderTest::post(std::string_view path, std::string_view form, http::Headers headers) {
    return send(http::Method::Post, path, form, std::move(headers));
}

Reply TwinUnderTest::get(std::string_view target, http::Headers headers) {
    return send(http::Method::Get, target, "", std::move(headers));
}

Reply TwinUnderTest::head(std::string_view target) {
    return send(http::Method::Head, target, "", {});
}

Reply TwinUnderTest::del(std::string_view path) { return send(http::Method::Delete, path, "", {}); }

std::string TwinUnderTest::post_id(std::string_view path, std::string_view form) {
    const auto reply = post(path, form);
    return reply.status == 200 ? reply.body.value("id", "") : "";
}

std::vector<std::string> TwinUnderTest::event_types() {
    std::vector<std::string> types;
    for (const auto& event : get("/v1/events?limit=100").body.at("data"))
        types.push_back(event.at("type").get<std::string>());
    std::ranges::reverse(types);
    return types;
}

void TwinUnderTest::run_due_work() { wait_for(twin_->run_due_work()); }

Json recorded(const std::string& name) {
    std::ifstream file("tests/golden/stripe/" + name + ".json");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    auto json = parse_json(text);
    if (!json) throw std::runtime_error(name + ": " + json.error().message);
    return *std::move(json);
}

std::vector<std::string> shape_of(const Json& document) {
    std::vector<std::string> found;
    add_shape(document, "", found);
    std::ranges::sort(found);
    return found;
}

}  // namespace turnpike::twin::testing
