#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include <boost/asio/buffer.hpp>

namespace turnpike::http {

/// Bytes read and not yet understood. Grows to kMax, never beyond.
class InputBuffer {
public:
    static constexpr std::size_t kStart = std::size_t{4} << 10;
    /// More than the parser ever leaves behind: a whole head (kHeaderBytesMax), or a chunk's line.
    static constexpr std::size_t kMax = std::size_t{32} << 10;

    [[nodiscard]] std::string_view view() const { return {bytes_.data() + begin_, end_ - begin_}; }
    [[nodiscard]] bool empty() const { return begin_ == end_; }
    /// Keeps only `rest`, a suffix of view().
    void keep(std::string_view rest) { begin_ = end_ - rest.size(); }
    void clear() { begin_ = end_ = 0; }

    /// Room for at least one byte, unless full; what is kept may move.
    boost::asio::mutable_buffer space() {
        const std::size_t held = end_ - begin_;
        if (begin_ > 0) {
            std::memmove(bytes_.data(), bytes_.data() + begin_, held);
            begin_ = 0;
            end_ = held;
        }
        if (end_ == bytes_.size()) bytes_.resize(std::clamp(end_ * 2, kStart, kMax));
        return {bytes_.data() + end_, bytes_.size() - end_};
    }
    void filled(std::size_t count) { end_ += count; }

private:
    std::vector<char> bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace turnpike::http
