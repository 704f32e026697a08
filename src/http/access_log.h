#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "http/server.h"

namespace turnpike::http {

/// One JSON line per request:
///
///     {"ts":"2026-01-02T03:04:05.678901Z","request_id":"req_...","method":"GET",
///      "path":"/v1/plans","status":200,"bytes":512,"took_us":340,
///      "peer":"127.0.0.1","caller":"key_..."}
///
/// `ts` is the end of the request, `path` has no query (it may hold secrets), `bytes` is the body's
/// length, `caller` is left out when empty. Lines wait in memory, at most a second and at most
/// 64 KiB per thread, and are written whole. Lines of one thread are in order. Thread-safe.
class AccessLogFile {
public:
    /// "-" is the standard output. `clock` outlives the log.
    /// Errors: Unavailable "access_log.cannot_open".
    static Result<std::unique_ptr<AccessLogFile>> open(std::string path, const Clock& clock);
    /// Writes what waits.
    ~AccessLogFile();
    AccessLogFile(const AccessLogFile&) = delete;
    AccessLogFile& operator=(const AccessLogFile&) = delete;

    void write(const AccessRecord& record);
    /// For ServerConfig::access_log; the log outlives the server.
    AccessLog writer() {
        return [this](const AccessRecord& record) { write(record); };
    }
    void flush();
    /// After the file was moved away (log rotation, SIGHUP). The old file stays in use when this
    /// fails. Errors: as open().
    Result<bool> reopen();

private:
    struct State;
    explicit AccessLogFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::http
