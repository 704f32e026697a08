#include "http/content_coding.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <zlib.h>
#include <zstd.h>

#include "base/check.h"
#include "base/letter_case.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

/// RFC 9659: a zstd body that needs a larger window is not for HTTP.
constexpr int kZstdWindowLogMax = 23;
constexpr int kGzipOnly = 16;  // added to zlib's window bits: no zlib header, no raw deflate
constexpr std::size_t kStepBytes = std::size_t{64} << 10;

std::unexpected<Error> bad_encoding(std::string_view what) {
    return invalid_argument("http.bad_encoding", "the body " + std::string(what));
}

/// gzip members or zstd frames of one body.
constexpr std::size_t kPartsMax = 16'384;
std::unexpected<Error> too_many_parts() {
    return bad_encoding("is made of more than 16384 gzip members or zstd frames");
}

}  // namespace

class BodyDecoder::Stream {
public:
    virtual ~Stream() = default;
    /// Fills `into`; less than all only at the end of a sound body.
    virtual Result<std::size_t> read(std::span<char> into) = 0;
};

class BodyDecoder::Identity final : public Stream {
public:
    explicit Identity(std::string_view body) : rest_(body) {}

    Result<std::size_t> read(std::span<char> into) override {
        const std::size_t count = rest_.copy(into.data(), into.size());
        rest_.remove_prefix(count);
        return count;
    }

private:
    std::string_view rest_;
};

/// One or more gzip members, one behind the other (RFC 1952, 2.2).
class BodyDecoder::Gzip final : public Stream {
public:
    explicit Gzip(std::string_view body) : rest_(body) {
        check(inflateInit2(&state_, MAX_WBITS + kGzipOnly) == Z_OK, "zlib has 40 KiB to begin");
    }
    ~Gzip() override { inflateEnd(&state_); }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    Result<std::size_t> read(std::span<char> into) override {
        std::size_t filled = 0;
        while (filled < into.size()) {
            if (has_ended_) {
                if (rest_.empty()) break;
                if (++members_ > kPartsMax) return too_many_parts();
                check(inflateReset(&state_) == Z_OK, "a state that was used can be reset");
                has_ended_ = false;
            }
            const auto count = step(into.subspan(filled));
            if (!count) return count;
            filled += *count;
        }
        return filled;
    }

private:
    Result<std::size_t> step(std::span<char> into) {
        const auto in = static_cast<uInt>(std::min(rest_.size(), kPieceMax));
        const auto out = static_cast<uInt>(std::min(into.size(), kPieceMax));
        // zlib reads through a pointer to non-const, and does not write.
        state_.next_in = static_cast<Bytef*>(
            const_cast<void*>(static_cast<const void*>(rest_.data())));  // NOLINT
        state_.avail_in = in;
        state_.next_out = static_cast<Bytef*>(static_cast<void*>(into.data()));
        state_.avail_out = out;
        const int result = inflate(&state_, Z_NO_FLUSH);
        rest_.remove_prefix(in - state_.avail_in);
        const std::size_t count = out - state_.avail_out;
        has_ended_ = result == Z_STREAM_END;
        if (result == Z_BUF_ERROR || (result == Z_OK && rest_.empty() && count == 0))
            return bad_encoding("ends in the middle of its gzip stream");
        if (result == Z_MEM_ERROR) throw std::bad_alloc();
        if (result != Z_OK && result != Z_STREAM_END) return bad_encoding("is no sound gzip");
        return count;
    }

    static constexpr std::size_t kPieceMax = std::numeric_limits<uInt>::max();

    std::string_view rest_;
    z_stream state_{};
    bool has_ended_ = false;
    std::size_t members_ = 1;
};

/// One or more zstd frames, one behind the other (RFC 8878, 3).
class BodyDecoder::Zstd final : public Stream {
public:
    explicit Zstd(std::string_view body)
        : in_{body.data(), body.size(), 0}, state_(ZSTD_createDStream()) {
        check(state_ != nullptr, "zstd has memory to begin");
        ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }

    Result<std::size_t> read(std::span<char> into) override {
        ZSTD_outBuffer out{into.data(), into.size(), 0};
        while (out.pos < out.size) {
            if (is_between_frames_ && in_.pos == in_.size) break;
            const std::size_t before_in = in_.pos, before_out = out.pos;
            const std::size_t result = ZSTD_decompressStream(state_.get(), &out, &in_);
            if (ZSTD_isError(result) != 0)
                return bad_encoding(std::string("is no sound zstd: ") + ZSTD_getErrorName(result));
            is_between_frames_ = result == 0;
            if (is_between_frames_ && ++frames_ > kPartsMax) return too_many_parts();
            if (!is_between_frames_ && in_.pos == before_in && out.pos == before_out)
                return bad_encoding("ends in the middle of its zstd frame");
        }
        return out.pos;
    }

private:
    struct Free {
        void operator()(ZSTD_DStream* state) const { ZSTD_freeDStream(state); }
    };

    ZSTD_inBuffer in_;
    std::unique_ptr<ZSTD_DStream, Free> state_;
    bool is_between_frames_ = false;
    std::size_t frames_ = 0;
};

std::optional<ContentCoding> content_coding(const Request& request) {
    std::optional<ContentCoding> found = ContentCoding::Identity;
    std::size_t headers = 0;
    for (const auto& [name, value] : request.headers) {
        if (!equal_ignoring_case(name, "Content-Encoding")) continue;
        if (++headers > 1) return std::nullopt;
        const auto coding = trimmed(value);
        if (equal_ignoring_case(coding, "identity"))
            found = ContentCoding::Identity;
        else if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip"))
            found = ContentCoding::Gzip;
        else if (equal_ignoring_case(coding, "zstd"))
            found = ContentCoding::Zstd;
        else
            return std::nullopt;
    }
    return found;
}

BodyDecoder::BodyDecoder(ContentCoding coding, std::string_view body, std::size_t decoded_max)
    : left_max_(decoded_max) {
    switch (coding) {
        case ContentCoding::Identity: stream_ = std::make_unique<Identity>(body); break;
        case ContentCoding::Gzip: stream_ = std::make_unique<Gzip>(body); break;
        case ContentCoding::Zstd: stream_ = std::make_unique<Zstd>(body); break;
    }
}
BodyDecoder::~BodyDecoder() = default;

Result<std::size_t> BodyDecoder::read(std::span<char> into) {
    check(!into.empty(), "there is room to decode into");
    // One byte over the bound tells a body that ends there from one that goes on.
    const std::size_t room = std::min(into.size(), left_max_ + 1);
    const auto count = stream_->read(into.first(room));
    if (!count) return count;
    if (*count > left_max_)
        return fail(ErrorCode::TooLarge, "http.decoded_too_large",
                    "the decoded body exceeds the limit");
    left_max_ -= *count;
    return count;
}

Result<std::string> decoded_body(ContentCoding coding, std::string_view body,
                                 std::size_t decoded_max) {
    BodyDecoder decoder(coding, body, decoded_max);
    std::string decoded;
    for (;;) {
        const std::size_t had = decoded.size();
        // Never more than one byte over the bound: read() needs room for it.
        const std::size_t size = std::min(had + std::max(had, kStepBytes), decoded_max + 1);
        decoded.resize(size);
        const auto count = decoder.read({decoded.data() + had, size - had});
        if (!count) return failure(count);
        decoded.resize(had + *count);
        if (had + *count < size) return decoded;
    }
}

}  // namespace turnpike::http
