#include "http/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/letter_case.h"
#include "http/status.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

bool is_bodiless(int status) { return status == 204 || status == 304 || status < 200; }

bool is_ours(std::string_view name) {
    switch (name.size()) {
        case 4: return equal_ignoring_case(name, "Date");
        case 6: return equal_ignoring_case(name, "Server");
        case 10: return equal_ignoring_case(name, "Connection");
        case 12: return equal_ignoring_case(name, "X-Request-Id");
        case 14: return equal_ignoring_case(name, "Content-Length");
        case 17: return equal_ignoring_case(name, "Transfer-Encoding");
        default: return false;
    }
}

bool is_token(std::string_view text) { return !text.empty() && token_length(text) == text.size(); }

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_status_line(std::string& out, int status) {
    switch (status) {
        case 200: out += "HTTP/1.1 200 OK\r\n"; return;
        case 204: out += "HTTP/1.1 204 No Content\r\n"; return;
        default: break;
    }
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(status));
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

}  // namespace

DefaultHeaders::DefaultHeaders(Headers headers) : headers_(std::move(headers)) {
    for (const auto& [name, value] : headers_) append_line(lines_, name, value);
}

void DefaultHeaders::append_to(std::string& out, const Headers& own) const {
    const auto is_said = [&](const auto& header) {
        return find_header(own, header.first) != nullptr;
    };
    if (std::ranges::none_of(headers_, is_said)) {
        out += lines_;
        return;
    }
    for (const auto& header : headers_)
        if (!is_said(header)) append_line(out, header.first, header.second);
}

bool is_writable(const Response& response) {
    return response.status >= 200 && response.status <= 599 &&
           std::ranges::all_of(response.headers, [](const auto& header) {
               return is_token(header.first) && is_line_text(header.second);
           });
}

void append_response(std::string& out, const Response& response, const Envelope& envelope) {
    using Persistence = Envelope::Persistence;
    append_status_line(out, response.status);
    out += envelope.common;
    envelope.defaults.append_to(out, response.headers);
    if (!envelope.request_id.empty()) append_line(out, "X-Request-Id", envelope.request_id);
    if (envelope.persistence == Persistence::Close) out += "Connection: close\r\n";
    if (envelope.persistence == Persistence::KeepAlive10) out += "Connection: keep-alive\r\n";
    const bool has_body = !is_bodiless(response.status);
    if (has_body) {
        out += "Content-Length: ";
        append_number(out, response.body.size());
        out += "\r\n";
    }
    for (const auto& [name, value] : response.headers)
        if (!is_ours(name)) append_line(out, name, value);
    out += "\r\n";
    if (has_body && envelope.body == Envelope::Body::Send) out += response.body;
}

}  // namespace turnpike::http
