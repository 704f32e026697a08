// Any bytes, in any pieces: the request parser refuses them or finds the same request, and a
// request it accepts holds nothing that could be read in two ways. The first byte chooses the piece
// size.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/letter_case.h"
#include "base/utf8.h"
#include "http/limits.h"
#include "http/request_parser.h"

namespace {

using turnpike::check;
using turnpike::equal_ignoring_case;
using namespace turnpike::http;
using Step = RequestParser::Step;

constexpr std::size_t kBodyLimit = 1'000;
constexpr std::size_t kBufferBytes = std::size_t{32} << 10;

struct Outcome {
    Step step = Step::NeedMore;
    int status = 0;
    std::size_t used = 0;  ///< bytes of the input that belong to the request, when Done
    Request request;
};

/// Does what a connection does: a bounded buffer, filled piece by piece.
Outcome parse(std::string_view input, std::size_t piece) {
    const BodyLimit limit = [](Method, std::string_view) { return kBodyLimit; };
    Outcome outcome;
    const LargeBodyLimit none;
    RequestParser parser(outcome.request, limit, none);
    std::string held;
    std::size_t fed = 0;
    bool takes_counted_body = false;
    while (outcome.step == Step::NeedMore) {
        if (takes_counted_body) {
            const std::size_t length = parser.body_length();
            if (held.size() >= length) {
                outcome.request.body = held.substr(0, length);
                held.erase(0, length);
                outcome.step = Step::Done;
                break;
            }
        } else if (!held.empty()) {
            std::string_view rest = held;
            Step step = parser.read(rest);
            held.erase(0, held.size() - rest.size());
            if (step == Step::HeadDone) {
                takes_counted_body = !parser.is_chunked();
                step = Step::NeedMore;
                if (takes_counted_body || !held.empty()) continue;
            }
            outcome.step = step;
            if (step != Step::NeedMore) break;
            check(held.size() < kBufferBytes, "the parser leaves room in the buffer");
        }
        if (fed == input.size()) break;
        const std::string_view more =
            input.substr(fed, std::min(piece, kBufferBytes - std::min(kBufferBytes, held.size())));
        if (more.empty()) break;
        held += more;
        fed += more.size();
    }
    outcome.used = fed - held.size();
    if (outcome.step == Step::Refused) outcome.status = parser.refusal().status;
    return outcome;
}

void check_request(const Request& request) {
    check(request.body.size() <= kBodyLimit, "a body keeps its limit");
    check(request.headers.size() <= kHeaderFieldsMax, "headers keep their limit");
    check(request.target.size() <= kTargetBytesMax + 1, "a target keeps its limit");
    check(request.path == "*" || request.path.starts_with('/'), "a path begins with a slash");
    int hosts = 0, lengths = 0, codings = 0;
    for (const auto& [name, value] : request.headers) {
        check(!name.empty() && name.find_first_of(" \t\r\n:") == name.npos, "a name is a token");
        check(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos, "one line");
        hosts += equal_ignoring_case(name, "host") ? 1 : 0;
        lengths += equal_ignoring_case(name, "content-length") ? 1 : 0;
        codings += equal_ignoring_case(name, "transfer-encoding") ? 1 : 0;
    }
    check(hosts <= 1 && lengths + codings <= 1, "framing has one meaning");
    for (const auto& [name, value] : request.query)
        check(turnpike::is_utf8(name) && turnpike::is_utf8(value), "a query is text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string_view input(bytes + 1, size - 1);
    const Outcome whole = parse(input, kBufferBytes);
    const Outcome pieces = parse(input, std::size_t{data[0]} % 32 + 1);
    check((whole.step == Step::Done) == (pieces.step == Step::Done), "pieces change nothing");
    if (whole.step == Step::Refused)
        check((whole.status >= 400 && whole.status < 500) || whole.status == 501, "a 4xx, or 501");
    if (whole.step != Step::Done) return 0;
    check_request(whole.request);
    const Request &a = whole.request, &b = pieces.request;
    check(a.method == b.method && a.target == b.target && a.query == b.query, "the same target");
    check(a.headers == b.headers && a.body == b.body, "the same headers and body");
    check(whole.used == pieces.used, "the next request begins at the same byte");
    return 0;
}
