#include "sql/postgres/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "sql/postgres/encoding.h"
#include "sql/statement_text.h"

namespace turnpike::sql::postgres {
namespace {

constexpr int kOldestServer = 140'000;
constexpr std::size_t kStatementsMax = 500;

/// A little more than statement_timeout: whoever is silent for longer never answers.
constexpr auto kSilenceMax = std::chrono::seconds(35);
constexpr int kLookUpMs = 100;

constexpr const char* kSession = R"sql(
    SET TIME ZONE 'UTC';
    SET statement_timeout = '30s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    SET client_min_messages = 'warning'
)sql";
// A stronger setting of the server (remote_apply) stays.
constexpr const char* kDurable = R"sql(
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') = 'off'
)sql";
constexpr const char* kRelaxed = "SET synchronous_commit = off";

/// What comes before `dbname` can be changed by the URL, what comes behind cannot. Money is never
/// decided on a replica, hence read-write. The times bound what a Pulse cannot see: a connection
/// that leads nowhere while new ones reach the server.
PGconn* connect(const std::string& url) {
    const std::array<const char*, 9> keywords = {
        "connect_timeout",  "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "target_session_attrs",
        "dbname",           "client_encoding",  nullptr};
    const std::array<const char*, 9> values = {"2",          "5",         "2",    "3",    "5000",
                                               "read-write", url.c_str(), "UTF8", nullptr};
    return PQconnectdbParams(keywords.data(), values.data(), 1);
}

/// libpq's complaint for a log: it spreads over several lines and ends with one.
std::string in_one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!is_space)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    if (line.ends_with(' ')) line.pop_back();
    return line;
}

/// Utility statements are not worth a name on the server.
bool worth_preparing(std::string_view sql) {
    const auto start = sql.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return false;
    const auto begins = sql.substr(start);
    constexpr std::array<std::string_view, 5> kVerbs = {"SELECT", "INSERT", "UPDATE", "DELETE",
                                                        "WITH"};
    return std::ranges::any_of(kVerbs, [&](auto verb) { return begins.starts_with(verb); });
}

/// 08P01 is our own mistake (a parameter too few), though it sits among the lost connections.
bool is_lost(std::string_view state) {
    return (state.starts_with("08") && state != "08P01") || state == "57P01" || state == "57P02" ||
           state == "57P03";
}

/// The server's sentence, where it cannot hold a value: class 22 (data exceptions) quotes what it
/// could not read, and the DETAIL of a collision (never used) quotes the key.
std::string sentence_of(const PGresult* result, std::string_view state) {
    const char* sentence = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (sentence == nullptr || state.starts_with("22")) return "the statement was refused";
    return sentence;
}

}  // namespace

void Connection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }
void Connection::Clear::operator()(pg_result* result) const { PQclear(result); }

Connection::Connection(const std::string& url, Durability durability, Pulse& pulse)
    : pulse_(pulse), handle_(connect(url)) {
    if (PQstatus(handle_.get()) != CONNECTION_OK)
        throw Passing(Passing::Why::Lost, fmt::format("postgres: cannot connect: {}",
                                                      in_one_line(PQerrorMessage(handle_.get()))));
    if (PQserverVersion(handle_.get()) < kOldestServer)
        throw Failure("postgres: the server is older than PostgreSQL 14", false);
    PQsetNoticeProcessor(handle_.get(), [](void*, const char*) {}, nullptr);
    PQsetnonblocking(handle_.get(), 1);
    configure(durability);
}

void Connection::configure(Durability durability) {
    execute(kSession);
    execute(durability == Durability::Full ? kDurable : kRelaxed);
}

bool Connection::usable() const { return !given_up_ && PQstatus(handle_.get()) == CONNECTION_OK; }

bool Connection::in_transaction() const {
    return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE;
}

bool Connection::wait(short events) {
    const auto began = std::chrono::steady_clock::now();
    for (;;) {
        pollfd socket{.fd = PQsocket(handle_.get()), .events = events, .revents = 0};
        const int ready = ::poll(&socket, 1, kLookUpMs);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) break;
        const auto silent = std::chrono::steady_clock::now() - began;
        if (!pulse_.worth_waiting(silent) || (silent >= kSilenceMax && !unhurried_)) break;
    }
    given_up_ = true;
    return false;
}

bool Connection::flush() {
    for (;;) {
        const int left = PQflush(handle_.get());
        if (left <= 0) return left == 0;
        // A server that waits for us to read does not read itself.
        if (!wait(POLLIN | POLLOUT) || PQconsumeInput(handle_.get()) == 0) return false;
    }
}

bool Connection::receive() {
    while (PQisBusy(handle_.get()) != 0)
        if (!wait(POLLIN) || PQconsumeInput(handle_.get()) == 0) return false;
    return true;
}

/// As PQexec: the last result counts, and an error is the last.
Connection::Reply Connection::answer(int sent) {
    if (sent == 0 || !flush()) return nullptr;
    Reply last;
    while (receive()) {
        Reply next(PQgetResult(handle_.get()));
        if (!next) {
            pulse_.answered();
            return last;
        }
        last = std::move(next);
    }
    return given_up_ ? nullptr : Reply(PQgetResult(handle_.get()));
}

void Connection::execute(const char* statements) {
    unhurried_ = false;
    require_success(answer(PQsendQuery(handle_.get(), statements)), statements);
}

void Connection::commit() {
    const Reply reply = answer(PQsendQuery(handle_.get(), "COMMIT"));
    const std::string_view tag = reply ? PQcmdStatus(reply.get()) : "";
    if (tag == "COMMIT") return;
    // A server that goes down says so (57P01) before or after it has written the commit.
    const char* state = PQresultErrorField(reply.get(), PG_DIAG_SQLSTATE);
    if (!usable() || (state != nullptr && is_lost(state)))
        throw Failure("postgres: the connection broke while a commit was on its way", true);
    require_success(reply, "COMMIT");
    throw Failure("postgres: a transaction that had failed was asked to commit", false);
}

void Connection::forget_statements() {
    statements_.clear();
    execute("DEALLOCATE ALL");
}

std::vector<Row> Connection::query(std::string_view sql, std::span<const Value> parameters) {
    if (sql.starts_with("SET LOCAL statement_timeout")) unhurried_ = true;
    const Reply reply = send(sql, parameters);
    require_success(reply, sql);

    const std::string_view tag = PQcmdStatus(reply.get());
    const std::string_view changed = PQcmdTuples(reply.get());
    changes_ = 0;
    if (!tag.starts_with("SELECT"))
        std::from_chars(changed.data(), changed.data() + changed.size(), changes_);
    return read_rows(reply.get(), sql);
}

Connection::Reply Connection::send(std::string_view sql, std::span<const Value> parameters) {
    const Parameters encoded(parameters, sql);
    if (!worth_preparing(sql))
        return answer(PQsendQueryParams(handle_.get(), std::string(sql).c_str(), encoded.count(),
                                        encoded.types(), encoded.texts(), nullptr, nullptr, 0));
    const auto& name = prepare(sql, parameters);
    return answer(PQsendQueryPrepared(handle_.get(), name.c_str(), encoded.count(), encoded.texts(),
                                      nullptr, nullptr, 0));
}

const std::string& Connection::prepare(std::string_view sql, std::span<const Value> parameters) {
    std::string key(sql);
    for (const Value& value : parameters)
        key += value.is_null() ? "\nn" : value.integer() != nullptr ? "\ni" : "\nt";
    if (const auto known = statements_.find(key); known != statements_.end()) return known->second;

    if (statements_.size() >= kStatementsMax) forget_statements();
    const Parameters encoded(parameters, sql);
    auto name = fmt::format("s{}", ++statements_made_);
    const Reply reply = answer(PQsendPrepare(handle_.get(), name.c_str(), std::string(sql).c_str(),
                                             encoded.count(), encoded.types()));
    require_success(reply, sql);
    return statements_.emplace(std::move(key), std::move(name)).first->second;
}

void Connection::require_success(const Reply& reply, std::string_view sql) const {
    const auto status = PQresultStatus(reply.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
    fail(reply, sql);
}

void Connection::fail(const Reply& reply, std::string_view sql) const {
    if (given_up_)
        throw Failure("postgres: the server does not answer; the connection was given up", false);
    const char* code = PQresultErrorField(reply.get(), PG_DIAG_SQLSTATE);
    const std::string_view state = code == nullptr ? "" : code;
    const auto what = fmt::format("postgres: {} [{}] in: {}", sentence_of(reply.get(), state),
                                  state, summary_of(sql));
    if (!usable() || is_lost(state)) throw Passing(Passing::Why::Lost, what);
    if (state == "40001" || state == "40P01") throw Passing(Passing::Why::Conflict, what);
    const bool plan_changed = state == "0A000" && what.contains("cached plan");
    if (plan_changed || state == "26000") throw Passing(Passing::Why::Stale, what);
    if (state.starts_with("23")) throw ConstraintViolation(what);
    throw Failure(what, false);
}

std::vector<Row> ConnectionTransaction::all(std::string_view sql,
                                            std::span<const Value> parameters) {
    if (failed_) throw Failure("an earlier statement of this transaction failed", false);
    try {
        return connection_.query(sql, parameters);
    } catch (const Failure&) {
        failed_ = std::current_exception();
        throw;
    }
}

void ConnectionTransaction::refuse_second_row(std::string_view sql) {
    failed_ = std::make_exception_ptr(Passing(
        Passing::Why::Conflict, "postgres: two rows where there is one: " + summary_of(sql)));
    std::rethrow_exception(failed_);
}

std::int64_t ConnectionTransaction::run(std::string_view sql, std::span<const Value> parameters) {
    all(sql, parameters);
    return connection_.changes();
}

}  // namespace turnpike::sql::postgres
