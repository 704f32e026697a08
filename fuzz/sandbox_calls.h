#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <unistd.h>

#include "base/check.h"
#include "base/id.h"
#include "base/time.h"
#include "http/message.h"
#include "json/value.h"
#include "sandbox/provider_twin.h"

/// For fuzz targets that call a twin without a network. An input's first line is "POST /v1/x?y=z",
/// the rest is the body.
namespace turnpike::fuzz {

/// A folder for one process, taken away with it.
class Folder {
public:
    explicit Folder(const std::string& name)
        : path_(std::filesystem::temp_directory_path() / (name + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path_);
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// nullopt: the first line is no method and target.
inline std::optional<http::Request> read_call(std::string_view input) {
    const auto line = input.substr(0, input.find('\n'));
    const auto space = line.find(' ');
    const auto method = http::parse_method(line.substr(0, space));
    if (!method || space == std::string_view::npos || line.substr(space + 1, 1) != "/")
        return std::nullopt;
    http::Request request;
    request.method = *method;
    request.target = line.substr(space + 1);
    request.path = request.target.substr(0, request.target.find('?'));
    if (line.size() < input.size()) request.body = input.substr(line.size() + 1);
    request.request_id = "req_fuzz";
    return request;
}

/// Whatever the call says, the answer is a provider's: no failure of the twin, and JSON.
inline void check_call(twin::ProviderTwin& twin, http::Request& request) {
    boost::asio::io_context io;
    auto answering = boost::asio::co_spawn(io, twin.handle(request), boost::asio::use_future);
    io.run();
    const auto answer = answering.get();
    check(answer.status >= 200 && answer.status < 500, "a call is answered or refused");
    const auto* type = http::find_header(answer.headers, "Content-Type");
    const bool is_json = type != nullptr && type->starts_with("application/json");
    check(!is_json || parse_json(answer.body).has_value(), "what says it is JSON is JSON");
}

}  // namespace turnpike::fuzz
