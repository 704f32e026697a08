#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/money.h"
#include "base/time.h"
#include "json/json.h"

namespace turnpike {

inline constexpr Reason kUnexpectedReply = "payment.unexpected_reply";

/// OutcomeUnknown "payment.unexpected_reply": the provider answered with something we cannot mean.
std::unexpected<Error> unexpected_reply(const std::string& what);

/// Reads an object of a provider's, tolerating what we do not know: more members, other enum
/// values, ids that came expanded. What we do need must be there and of its kind; the first
/// complaint is kept and `finish` returns it. Holds a reference: the Json must outlive the reader.
class ReplyReader {
public:
    /// `kind` names the object in complaints: "subscription".
    ReplyReader(const Json& object, std::string kind);

    std::string text(std::string_view name);
    std::optional<std::string> maybe_text(std::string_view name);  ///< absent, null and "" are none
    /// A bare id, or the id of the expanded object that stands in its place.
    std::string reference(std::string_view name);
    std::optional<std::string> maybe_reference(std::string_view name);
    std::int64_t integer(std::string_view name);
    std::optional<std::int64_t> maybe_integer(std::string_view name);
    bool flag(std::string_view name);  ///< absent and null are false
    Instant instant(std::string_view name);
    std::optional<Instant> maybe_instant(std::string_view name);
    /// An amount in `currency`.
    Money amount(std::string_view name, Currency currency);
    /// The texts in an object; other values are left out. Anything but an object has none.
    std::map<std::string, std::string> texts(std::string_view name);
    /// nullptr when absent, null or of another kind.
    [[nodiscard]] const Json* object(std::string_view name) const;
    [[nodiscard]] const Json* array(std::string_view name) const;

    void complain(std::string what);
    [[nodiscard]] bool complained() const { return complaint_.has_value(); }

    template <class T>
    Result<T> finish(T value) {
        if (!complaint_) return value;
        return unexpected_reply(*complaint_);
    }

private:
    [[nodiscard]] const Json* member(std::string_view name) const;
    void complain_of(std::string_view name, std::string_view problem);

    const Json& object_;
    std::string kind_;
    std::optional<std::string> complaint_;
};

}  // namespace turnpike
