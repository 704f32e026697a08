#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"

namespace turnpike::sql {

/// The database is broken or gone: disk full, connection lost, a statement that cannot run. Thrown
/// by the edge, caught once per request or job. `outcome_unknown` is true when a commit was sent
/// and its answer never came.
class Failure : public std::runtime_error {
public:
    Failure(const std::string& what, bool outcome_unknown)
        : std::runtime_error(what), outcome_unknown_(outcome_unknown) {}
    [[nodiscard]] bool outcome_unknown() const { return outcome_unknown_; }

private:
    bool outcome_unknown_;
};

/// A unique key, CHECK or foreign key refused the statement. Statements that expect a collision use
/// ON CONFLICT instead, so one of these is a bug or an attack.
class ConstraintViolation : public Failure {
public:
    explicit ConstraintViolation(const std::string& what) : Failure(what, false) {}
};

/// One column: NULL, BIGINT or TEXT. There is no floating point and no boolean in our schema
/// (a flag is BIGINT 0 or 1); bytes are stored as hex or base64 text.
class Value {
public:
    Value(std::nullptr_t) {}
    Value(std::int64_t integer) : value_(integer) {}
    Value(int integer) : value_(std::int64_t{integer}) {}
    Value(bool flag) : value_(std::int64_t{flag ? 1 : 0}) {}
    Value(std::string text) : value_(std::move(text)) {}
    Value(std::string_view text) : value_(std::string(text)) {}
    Value(const char* text) : value_(std::string(text)) {}
    Value(Instant moment) : value_(unix_micros(moment)) {}
    template <int Scale>
    Value(Decimal<Scale> decimal) : value_(decimal.scaled()) {}
    template <IdPrefix Prefix>
    Value(const Id<Prefix>& id) : value_(id.text()) {}
    template <class T>
    Value(const std::optional<T>& maybe) {
        if (maybe) value_ = Value(*maybe).value_;
    }

    [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
    [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value_); }
    friend bool operator==(const Value&, const Value&) = default;

private:
    std::variant<std::monostate, std::int64_t, std::string> value_;
};

/// Columns are read in the order of the SELECT by one from_row per type. Asking for a column that
/// is NULL, or of the other kind, is a broken promise (check()).
class Row {
public:
    explicit Row(std::vector<Value> columns) : columns_(std::move(columns)) {}

    [[nodiscard]] std::int64_t integer(std::size_t column) const;
    [[nodiscard]] bool flag(std::size_t column) const { return integer(column) != 0; }
    [[nodiscard]] const std::string& text(std::size_t column) const;
    [[nodiscard]] Instant instant(std::size_t column) const {
        return from_unix_micros(integer(column));
    }
    [[nodiscard]] Quantity quantity(std::size_t column) const {
        return Quantity::from_scaled(integer(column));
    }
    [[nodiscard]] UnitPrice unit_price(std::size_t column) const {
        return UnitPrice::from_scaled(integer(column));
    }
    template <class T>
    [[nodiscard]] T id(std::size_t column) const {
        return T::trusted(text(column));
    }

    [[nodiscard]] bool is_null(std::size_t column) const;
    [[nodiscard]] std::optional<std::int64_t> maybe_integer(std::size_t column) const;
    [[nodiscard]] std::optional<std::string> maybe_text(std::size_t column) const;
    [[nodiscard]] std::optional<Instant> maybe_instant(std::size_t column) const;
    [[nodiscard]] std::size_t size() const { return columns_.size(); }

private:
    std::vector<Value> columns_;
};

/// One unit of work on one connection. Plain calls that cannot suspend; used by one thread at a
/// time. Placeholders are $1, $2, ...; one SQL text serves SQLite and PostgreSQL. Text that differs
/// is asked from dialect().
class Transaction {
public:
    virtual ~Transaction() = default;

    virtual std::vector<Row> all(std::string_view sql, std::span<const Value> parameters) = 0;
    /// Number of rows changed.
    virtual std::int64_t run(std::string_view sql, std::span<const Value> parameters) = 0;

    std::vector<Row> all(std::string_view sql, std::initializer_list<Value> parameters = {}) {
        return all(sql, std::span(parameters.begin(), parameters.size()));
    }
    std::int64_t run(std::string_view sql, std::initializer_list<Value> parameters = {}) {
        return run(sql, std::span(parameters.begin(), parameters.size()));
    }
    /// The only row, if any; a second row is a broken promise.
    std::optional<Row> one(std::string_view sql, std::initializer_list<Value> parameters = {});

protected:
    /// What becomes of a second row where there is one at most. Does not return.
    virtual void refuse_second_row(std::string_view sql);
};

}  // namespace turnpike::sql
