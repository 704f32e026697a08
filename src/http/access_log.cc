#include "http/access_log.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/utf8.h"

namespace turnpike::http {
namespace {

constexpr std::size_t kShards = 16;
constexpr std::size_t kBufferBytesMax = std::size_t{64} << 10;
constexpr std::chrono::milliseconds kFlushPeriod{500};
constexpr mode_t kFileMode = 0640;

/// A JSON string's inside. Paths are ASCII already; a caller's name may be anything.
void append_escaped(std::string& line, std::string_view text) {
    if (!is_utf8(text)) text = "(not UTF-8)";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            line.append({'\\', c});
        else if (static_cast<unsigned char>(c) < 0x20)
            fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<unsigned>(c));
        else
            line += c;
    }
}

void append_line(std::string& lines, const AccessRecord& record, Instant now) {
    const Request& request = record.request;
    fmt::format_to(std::back_inserter(lines),
                   R"({{"ts":"{}","request_id":"{}","method":"{}","path":")", format_rfc3339(now),
                   request.request_id, to_text(request.method));
    append_escaped(lines, request.path);
    fmt::format_to(std::back_inserter(lines),
                   R"(","status":{},"bytes":{},"took_us":{},"peer":"{}")", record.response.status,
                   record.response.body.size(), record.took.count(), request.peer);
    if (!request.caller.empty()) {
        lines += R"(,"caller":")";
        append_escaped(lines, request.caller);
        lines += '"';
    }
    lines += "}\n";
}

/// The standard output, or the file's descriptor; negative when it cannot be opened.
int open_descriptor(const std::string& path) {
    if (path == "-") return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kFileMode);
}

std::unexpected<Error> cannot_open(const std::string& path) {
    return unavailable("access_log.cannot_open", "cannot open the access log " + path + ": " +
                                                     std::system_category().message(errno));
}

}  // namespace

struct AccessLogFile::State {
    State(std::string file_path, const Clock& its_clock, int file)
        : path(std::move(file_path)), clock(its_clock), descriptor(file) {}

    /// Threads are spread over the shards, so that they seldom wait for each other.
    struct Shard {
        std::mutex mutex;
        std::string lines;  ///< guarded by mutex
    };

    const std::string path;
    const Clock& clock;
    std::array<Shard, kShards> shards;
    std::mutex file_mutex;
    int descriptor;               ///< guarded by file_mutex
    bool has_complained = false;  ///< guarded by file_mutex
    std::mutex stop_mutex;
    std::condition_variable stopped;
    bool is_stopping = false;  ///< guarded by stop_mutex
    std::thread flusher;

    Shard& own_shard() {
        return shards[std::hash<std::thread::id>()(std::this_thread::get_id()) % kShards];
    }

    /// The caller holds the shard's mutex, so that its lines stay in order.
    void write_out(std::string& lines) {
        const std::lock_guard lock(file_mutex);
        std::string_view rest = lines;
        while (!rest.empty()) {
            const auto count = ::write(descriptor, rest.data(), rest.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) {
                if (!has_complained)
                    spdlog::error("event=access_log.lost error=\"{}\"",
                                  std::system_category().message(errno));
                has_complained = true;
                break;
            }
            has_complained = false;
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        lines.clear();
    }

    void flush() {
        for (auto& shard : shards) {
            const std::lock_guard lock(shard.mutex);
            if (!shard.lines.empty()) write_out(shard.lines);
        }
    }

    void flush_periodically() {
        std::unique_lock lock(stop_mutex);
        while (!stopped.wait_for(lock, kFlushPeriod, [this] { return is_stopping; })) {
            lock.unlock();
            flush();
            lock.lock();
        }
    }
};

AccessLogFile::AccessLogFile(std::unique_ptr<State> state) : state_(std::move(state)) {
    state_->flusher = std::thread([owned = state_.get()] { owned->flush_periodically(); });
}

AccessLogFile::~AccessLogFile() {
    {
        const std::lock_guard lock(state_->stop_mutex);
        state_->is_stopping = true;
    }
    state_->stopped.notify_one();
    state_->flusher.join();
    state_->flush();
    close(state_->descriptor);
}

Result<std::unique_ptr<AccessLogFile>> AccessLogFile::open(std::string path, const Clock& clock) {
    const int descriptor = open_descriptor(path);
    if (descriptor < 0) return cannot_open(path);
    auto state = std::make_unique<State>(std::move(path), clock, descriptor);
    return std::unique_ptr<AccessLogFile>(new AccessLogFile(std::move(state)));
}

void AccessLogFile::write(const AccessRecord& record) {
    const Instant now = state_->clock.now();
    auto& shard = state_->own_shard();
    const std::lock_guard lock(shard.mutex);
    append_line(shard.lines, record, now);
    if (shard.lines.size() >= kBufferBytesMax) state_->write_out(shard.lines);
}

void AccessLogFile::flush() { state_->flush(); }

Result<bool> AccessLogFile::reopen() {
    state_->flush();
    const int fresh = open_descriptor(state_->path);
    if (fresh < 0) return cannot_open(state_->path);
    const std::lock_guard lock(state_->file_mutex);
    close(std::exchange(state_->descriptor, fresh));
    return true;
}

}  // namespace turnpike::http
