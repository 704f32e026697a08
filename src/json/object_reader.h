#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"
#include "base/time.h"
#include "json/value.h"

namespace turnpike {

/// Reads a request body member by member and collects every complaint, so that a client hears of
/// all its mistakes at once. Members that nobody asked for are complaints too.
///
///     ObjectReader fields(*body);
///     const auto tier = fields.required_text("tier", {.length_max = 64});
///     const auto method = fields.optional_text("payment_method_id");
///     return fields.finish(Subscribe{tier, method});
///
/// A required_* getter that complained returns an empty value; finish() then fails, so the value
/// is never used. A member that is null is there and of the wrong type, since a client that sends
/// it means something that we would not do; only takes_null() lets it pass. Holds a reference: the
/// Json must outlive the reader.
class ObjectReader {
public:
    struct Text {
        std::size_t length_min = 1;
        std::size_t length_max = 255;  ///< in bytes; of free text in code points
    };
    struct Integer {
        std::int64_t min = std::numeric_limits<std::int64_t>::min();
        std::int64_t max = std::numeric_limits<std::int64_t>::max();
    };

    /// `pointer` is the JSON pointer of this object in the body ("" for the body itself).
    explicit ObjectReader(const Json& object, std::string pointer = "");

    /// True when the member is there and null, which in a merge patch means: remove it.
    bool takes_null(std::string_view name);

    /// Control characters are refused in every text.
    std::string required_text(std::string_view name, Text rule);
    std::string required_text(std::string_view name) { return required_text(name, Text{}); }
    std::optional<std::string> optional_text(std::string_view name, Text rule);
    std::optional<std::string> optional_text(std::string_view name) {
        return optional_text(name, Text{});
    }
    /// What people write for people: names, descriptions, comments, as base/free_text.h takes and
    /// composes it. A card number in it is refused, so that none is ever kept, shown or sent on;
    /// finish() then fails with "request.card_number".
    std::string required_free_text(std::string_view name, Text rule);
    std::string required_free_text(std::string_view name) {
        return required_free_text(name, Text{});
    }
    std::optional<std::string> optional_free_text(std::string_view name, Text rule);
    std::optional<std::string> optional_free_text(std::string_view name) {
        return optional_free_text(name, Text{});
    }
    std::int64_t required_integer(std::string_view name, Integer rule);
    std::optional<std::int64_t> optional_integer(std::string_view name, Integer rule);
    std::optional<bool> optional_boolean(std::string_view name);
    /// RFC 3339 text.
    std::optional<Instant> optional_instant(std::string_view name);
    /// A decimal string ("1.5") or a JSON integer; never a JSON fraction, which has lost digits
    /// before we see it.
    std::optional<Quantity> optional_quantity(std::string_view name);
    /// The member itself, for nested readers; nullptr when absent.
    const Json* optional_object(std::string_view name);
    const Json* optional_array(std::string_view name);
    /// A flat map of texts, at most 50 entries, keys <= 40 bytes, values <= 500 bytes.
    std::vector<std::pair<std::string, std::string>> optional_texts(std::string_view name);
    /// The same without card numbers. What a host keeps with us stays as it wrote it.
    std::vector<std::pair<std::string, std::string>> optional_metadata(std::string_view name);

    /// For free text that none of the getters above reads.
    void refuse_card_number(std::string_view name, std::string_view text);
    void complain(std::string_view name, std::string code, std::string detail);
    /// Adds what a nested reader found.
    void absorb(ObjectReader& nested);
    /// Complaints so far plus unknown members; empty when all is well.
    std::vector<FieldError> complaints();

    /// The value, or InvalidArgument "request.invalid_body" with every complaint in `fields`;
    /// Unprocessable "request.card_number" when one of them is a card number.
    template <class T>
    Result<T> finish(T value) {
        auto found = complaints();
        if (found.empty()) return value;
        return std::unexpected(summary(std::move(found)));
    }

private:
    static Error summary(std::vector<FieldError> complaints);
    const Json* take(std::string_view name);
    const Json* take_required(std::string_view name);
    std::optional<std::string> free_text(std::string_view name, const Json& value, Text rule);

    const Json& object_;
    std::string pointer_;
    std::vector<std::string> known_;
    std::vector<FieldError> complaints_;
};

}  // namespace turnpike
