#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "http/chunked_body.h"
#include "http/message.h"
#include "http/target.h"

namespace turnpike::http {

using BodyLimit = std::function<std::size_t(Method, std::string_view path)>;
/// For bodies over it; see LargeBodies.
using LargeBodyLimit = std::function<std::size_t(const Request& head)>;

/// Reads one request into `request`, from whatever pieces the network brings. Beast's parser finds
/// the head's tokens; this class refuses everything Beast tolerates that two servers in a row could
/// read differently: repeated or listed Content-Length, any transfer coding but a single "chunked",
/// folded lines, a missing or second Host.
///
/// A body with a Content-Length is not read here: after the head, `body_length` says how many bytes
/// follow, and the caller puts them into `request.body` itself. A chunked body is.
///
/// A body over its limit that a client may bring which says who it is, stops the reading until
/// admit_large_body().
///
/// Reuses the text storage `request` already has. One parser per request.
class RequestParser final : private boost::beast::http::basic_parser<true> {
public:
    RequestParser(Request& request, const BodyLimit& body_limit,
                  const LargeBodyLimit& large_body_limit);

    enum class Step : std::uint8_t { NeedMore, HeadDone, Done, Refused };
    /// Takes bytes from the front of `input` and says what they completed. HeadDone comes once;
    /// after it, go on only for a chunked body.
    Step read(std::string_view& input);

    /// True after HeadDone for a body with a Content-Length, or after NeedMore for a chunked one.
    [[nodiscard]] bool needs_admission() const { return needs_admission_; }
    /// What was read can be gone on from: NeedMore, or Refused.
    Step admit_large_body();

    /// Set after Refused.
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }
    [[nodiscard]] bool head_done() const { return head_done_; }
    [[nodiscard]] bool is_chunked() const { return chunks_.has_value(); }
    [[nodiscard]] std::size_t body_length() const { return body_length_; }
    [[nodiscard]] bool is_http11() const { return is_http11_; }
    /// What the client wants; the server may still close.
    [[nodiscard]] bool wants_keep_alive() const { return keep_alive(); }
    [[nodiscard]] bool expects_continue() const { return expects_continue_; }

private:
    using Base = boost::beast::http::basic_parser<true>;
    using Code = boost::beast::error_code;
    using Field = boost::beast::http::field;
    using View = boost::beast::string_view;
    using Verb = boost::beast::http::verb;

    void refuse(const Refusal& refusal, Code& code);
    [[nodiscard]] Refusal refusal_for(const Code& code) const;
    [[nodiscard]] bool is_folded(View name, View value) const;
    void add_header(View name, View value);
    void read_field(Field field, std::string_view value, Code& code);
    void read_coding(std::string_view value, Code& code);
    void check_lengths(Code& code);
    Step read_chunks(std::string_view& input);
    Step after_chunks(ChunkedBody::Step step);

    void on_request_impl(Verb verb, View method, View target, int version, Code& code) override;
    void on_response_impl(int status, View reason, int version, Code& code) override;
    void on_field_impl(Field field, View name, View value, Code& code) override;
    void on_header_impl(Code& code) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code& code) override;
    std::size_t on_body_impl(View body, Code& code) override;
    void on_chunk_header_impl(std::uint64_t size, View extensions, Code& code) override;
    std::size_t on_chunk_body_impl(std::uint64_t remain, View body, Code& code) override;
    void on_finish_impl(Code& code) override;

    Request& request_;
    const BodyLimit& body_limit_;
    const LargeBodyLimit& large_body_limit_;
    std::string_view input_;  ///< what the current read() looks at
    std::size_t head_bytes_ = 0;
    std::size_t fields_ = 0;
    std::size_t hosts_ = 0;
    std::size_t lengths_ = 0;
    std::size_t codings_ = 0;
    std::size_t body_length_ = 0;
    std::size_t large_extra_ = 0;  ///< what admission adds to a chunked body's limit
    bool line_done_ = false;
    bool head_done_ = false;
    bool is_chunked_ = false;
    bool is_http11_ = false;
    bool expects_continue_ = false;
    bool needs_admission_ = false;
    std::optional<ChunkedBody> chunks_;
    std::optional<Refusal> refused_;
    Refusal refusal_{};
};

}  // namespace turnpike::http
