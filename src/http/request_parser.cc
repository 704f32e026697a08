#include "http/request_parser.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/letter_case.h"
#include "http/limits.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr Refusal kBadLine{400, "http.bad_request_line", "The request line is malformed."};
constexpr Refusal kBadHeader{400, "http.bad_header", "A header line is malformed."};
constexpr Refusal kFolded{400, "http.folded_header", "A header continues on another line."};
constexpr Refusal kBadHost{400, "http.bad_host", "Exactly one valid Host header is required."};
constexpr Refusal kBadLength{400, "http.bad_content_length",
                             "Content-Length must be one number, and not be repeated."};
constexpr Refusal kBadCoding{400, "http.bad_transfer_encoding",
                             "Transfer-Encoding must be a single chunked, without Content-Length."};
constexpr Refusal kUnknownCoding{501, "http.unknown_transfer_encoding",
                                 "The only transfer coding understood is chunked."};
constexpr Refusal kBadChunk{400, "http.bad_chunk", "The chunked body is malformed."};
constexpr Refusal kBodyTooLarge{413, "http.body_too_large",
                                "The body is larger than this route takes; send it in parts."};
constexpr Refusal kLineTooLong{414, "http.target_too_long", "The request target exceeds 8 KiB."};
constexpr Refusal kHeadTooLarge{431, "http.head_too_large", "The headers exceed 16 KiB."};
constexpr Refusal kTooManyFields{431, "http.too_many_headers", "More than 100 header lines."};
constexpr Refusal kUnknownMethod{405, "http.unknown_method", "The method is not known."};
constexpr Refusal kBadExpectation{417, "http.bad_expectation",
                                  "The only expectation met is 100-continue."};

std::string_view standard(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RequestParser::RequestParser(Request& request, const BodyLimit& body_limit,
                             const LargeBodyLimit& large_body_limit)
    : request_(request), body_limit_(body_limit), large_body_limit_(large_body_limit) {
    // Bodies are read elsewhere, and the head must name the route before their limit is known.
    Base::body_limit(boost::none);
    eager(false);
    request_.method = Method::Get;
    request_.target.clear();
    request_.path.clear();
    request_.query.clear();
    request_.body.clear();
    request_.caller.clear();
    request_.request_id.clear();
    request_.path_values.clear();
}

RequestParser::Step RequestParser::read(std::string_view& input) {
    if (head_done_) return read_chunks(input);
    input_ = input;
    header_limit(static_cast<std::uint32_t>(kHeaderBytesMax - head_bytes_));
    Code code;
    const std::size_t used = put({input.data(), input.size()}, code);
    input.remove_prefix(used);
    head_bytes_ += used;
    if (code == beast_http::error::need_more) return Step::NeedMore;
    if (code) {
        refusal_ = refused_ ? *refused_ : refusal_for(code);
        return Step::Refused;
    }
    return head_done_ ? Step::HeadDone : Step::NeedMore;
}

RequestParser::Step RequestParser::read_chunks(std::string_view& input) {
    check(chunks_.has_value(), "only a chunked body is read by the parser");
    return after_chunks(chunks_->read(input));
}

RequestParser::Step RequestParser::after_chunks(ChunkedBody::Step step) {
    switch (step) {
        case ChunkedBody::Step::NeedMore: return Step::NeedMore;
        case ChunkedBody::Step::Done: return Step::Done;
        case ChunkedBody::Step::Malformed: refusal_ = kBadChunk; break;
        case ChunkedBody::Step::TooLarge:
            refusal_ = kBodyTooLarge;
            needs_admission_ = large_extra_ > 0;
            if (needs_admission_) return Step::NeedMore;
            break;
    }
    return Step::Refused;
}

RequestParser::Step RequestParser::admit_large_body() {
    needs_admission_ = false;
    if (!chunks_) return Step::NeedMore;
    return after_chunks(chunks_->raise_limit(std::exchange(large_extra_, 0)));
}

void RequestParser::refuse(const Refusal& refusal, Code& code) {
    refused_ = refusal;
    code = beast_http::error::bad_value;
}

/// Beast's own refusals.
Refusal RequestParser::refusal_for(const Code& code) const {
    using Error = beast_http::error;
    if (code == Error::header_limit) return line_done_ ? kHeadTooLarge : kLineTooLong;
    if (code == Error::bad_content_length || code == Error::multiple_content_length)
        return kBadLength;
    if (code == Error::bad_transfer_encoding) return kBadCoding;
    return line_done_ ? kBadHeader : kBadLine;
}

void RequestParser::on_request_impl(Verb /*verb*/, View method, View target, int version,
                                    Code& code) {
    line_done_ = true;
    is_http11_ = version == 11;
    const auto known = http::parse_method(standard(method));
    if (known) request_.method = *known;
    // Read for an unknown method too: the refusal names the path.
    const auto refusal = read_target(standard(target), request_);
    if (!known) return refuse(kUnknownMethod, code);
    if (refusal) refuse(*refusal, code);
}

void RequestParser::on_response_impl(int /*status*/, View /*reason*/, int /*version*/, Code& code) {
    refuse(kBadLine, code);
}

/// Beast joins folded lines into a buffer of its own, or skips an empty first line. Either way the
/// value does not start right after the name's colon and spaces.
bool RequestParser::is_folded(View name, View value) const {
    const char* const after_name = name.data() + name.size();
    const char* const input_end = input_.data() + input_.size();
    const std::less<const char*> before;
    if (before(value.data(), after_name) || before(input_end, value.data())) return true;
    const std::string_view gap(after_name, static_cast<std::size_t>(value.data() - after_name));
    return gap.contains('\r');
}

void RequestParser::on_field_impl(Field field, View name, View value, Code& code) {
    if (++fields_ > kHeaderFieldsMax) return refuse(kTooManyFields, code);
    if (is_folded(name, value)) return refuse(kFolded, code);
    add_header(name, value);
    read_field(field, standard(value), code);
}

void RequestParser::add_header(View name, View value) {
    auto& headers = request_.headers;
    if (headers.size() < fields_) headers.emplace_back();
    auto& [name_kept, value_kept] = headers[fields_ - 1];
    name_kept.assign(name.data(), name.size());
    value_kept.assign(value.data(), value.size());
}

void RequestParser::read_field(Field field, std::string_view value, Code& code) {
    switch (field) {
        case Field::host:
            if (++hosts_ > 1 || !is_host(value)) refuse(kBadHost, code);
            return;
        case Field::content_length:
            // Beast has checked the digits, but takes "5, 5" and a second equal header.
            if (++lengths_ > 1 || value.find_first_not_of("0123456789") != value.npos)
                refuse(kBadLength, code);
            return;
        case Field::transfer_encoding: return read_coding(value, code);
        case Field::expect:
            expects_continue_ = equal_ignoring_case(value, "100-continue");
            if (!expects_continue_) refuse(kBadExpectation, code);
            return;
        default: return;  // Beast's own list of 350 names.
    }
}

void RequestParser::read_coding(std::string_view value, Code& code) {
    if (++codings_ > 1 || !is_http11_) return refuse(kBadCoding, code);
    if (equal_ignoring_case(value, "chunked")) {
        is_chunked_ = true;
        return;
    }
    std::string_view rest = value;
    while (!rest.empty()) {
        const auto coding = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), coding.size() + 1));
        if (!equal_ignoring_case(trimmed(coding), "chunked")) return refuse(kUnknownCoding, code);
    }
    refuse(kBadCoding, code);
}

void RequestParser::check_lengths(Code& code) {
    if (is_chunked_ && lengths_ > 0) return refuse(kBadCoding, code);
    const std::size_t limit =
        body_limit_ ? body_limit_(request_.method, request_.path) : kBodyBytesMax;
    const std::uint64_t length = lengths_ > 0 ? content_length().value_or(0) : 0;
    const bool may_exceed = is_chunked_ || length > limit;
    const std::size_t large = may_exceed && large_body_limit_ ? large_body_limit_(request_) : 0;
    if (length > std::max(limit, large)) return refuse(kBodyTooLarge, code);
    body_length_ = static_cast<std::size_t>(length);
    needs_admission_ = length > limit;
    large_extra_ = large > limit ? large - limit : 0;
    if (is_chunked_) chunks_.emplace(request_.body, limit);
}

void RequestParser::on_header_impl(Code& code) {
    head_done_ = true;
    request_.headers.resize(fields_);
    if (hosts_ == 0 && is_http11_) return refuse(kBadHost, code);
    if (!is_http11_) expects_continue_ = false;
    check_lengths(code);
}

// Never called: put() is not called again after the head.
void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                                      Code& /*code*/) {}
std::size_t RequestParser::on_body_impl(View body, Code& code) {
    refuse(kBadHeader, code);
    return body.size();
}
void RequestParser::on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/, Code& code) {
    refuse(kBadHeader, code);
}
std::size_t RequestParser::on_chunk_body_impl(std::uint64_t /*remain*/, View body, Code& code) {
    refuse(kBadHeader, code);
    return body.size();
}
void RequestParser::on_finish_impl(Code& /*code*/) {}

}  // namespace turnpike::http
