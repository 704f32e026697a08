#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "json/value.h"
#include "sandbox/form.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// Reads a parameter tree, checks types with Stripe's messages, and refuses what nobody asked for.
/// The first complaint wins, as at Stripe. A nested reader complains for itself: absorb() it.
/// Points into the tree, which must outlive it.
class Params {
public:
    /// Which names of parameters a request may use. One that names no API version may be of an
    /// account whose default is an older one, so it may use names that the API has retired.
    enum class Spellings : bool { Current, AlsoRetired };
    /// `prefix` is the name of this subtree in errors: "items[0]".
    explicit Params(const Json& tree, std::string prefix = "",
                    Spellings spellings = Spellings::Current);

    /// What Stripe's reference allows where it names no other limit.
    static constexpr std::size_t kTextCharactersMax = 5'000;

    std::string required_text(std::string_view name);
    /// Absent -> nullopt; "" stays "". Complains about more than `characters_max` characters.
    std::optional<std::string> text(std::string_view name,
                                    std::size_t characters_max = kTextCharactersMax);
    /// "" is a complaint (parameter_invalid_empty), as for boolean().
    std::optional<std::int64_t> integer(std::string_view name);
    std::optional<bool> boolean(std::string_view name);
    /// Unix seconds. "" -> nullopt: unset where the caller allows that; has() tells.
    std::optional<Instant> timestamp(std::string_view name);
    /// "" is a complaint unless it is one of `allowed`.
    std::optional<std::string> one_of(std::string_view name, std::vector<std::string_view> allowed);
    /// Items of an array parameter as subtrees (for objects) or texts. Absent or "": none.
    std::vector<Params> objects(std::string_view name);
    std::vector<std::string> texts(std::string_view name);
    /// A nested object as a reader of its own; nullopt when absent or "".
    std::optional<Params> object(std::string_view name);
    /// For a parameter that may be an object or a text ("created"): nullopt without a complaint
    /// when it is no object.
    std::optional<Params> object_or_null(std::string_view name);
    /// The members of an object whose names are data ("currency_options[eur]"), each with its name.
    std::vector<std::pair<std::string, Params>> keyed_objects(std::string_view name);
    /// nullopt: unchanged. An object: merge (a value of "" deletes the key). "" clears: is_null.
    std::optional<Json> metadata();
    bool has(std::string_view name) const;
    /// has() for a retired parameter that this request may still use: read it like any other. If it
    /// may not, the parameter is unknown.
    bool has_retired(std::string_view name) const;
    /// Marks a parameter as known without reading it (accepted and ignored, like Stripe's hints).
    void ignore(std::string_view name);
    /// Knows a parameter that is Stripe's but not this sandbox's: complains with `why` unless it is
    /// absent or "".
    void refuse(std::string_view name, const std::string& why);
    /// Full name for errors: "items[0][price]".
    std::string name_of(std::string_view name) const;

    /// Takes a nested reader's complaint (its unknown parameters too), unless there is one already.
    void absorb(Params& nested);
    /// Adds a complaint that needed more than a type to find.
    void complain(const Refusal& refusal);

    /// The first complaint, or parameter_unknown ("Received unknown parameter: foo") if any
    /// parameter was never asked for. Call after all getters, before any effect.
    std::optional<StripeError> complaint();

private:
    const Json* take(std::string_view name);
    /// The text of a scalar that must not be empty; nullopt when absent or complained about.
    std::optional<std::string> filled_text(std::string_view name);
    std::vector<std::pair<std::string, const Json*>> elements(std::string_view name);
    const Json* tree_;
    std::string prefix_;
    Spellings spellings_;
    std::vector<std::string> known_;
    std::optional<StripeError> complaint_;
};

}  // namespace turnpike::twin
