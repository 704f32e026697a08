#include "sandbox/stripe/wire/unsupported.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "json/json.h"
#include "sandbox/stripe/wire/stripe_tables.h"

namespace turnpike::twin {
namespace {

constexpr const char* kUnknown = "_unknown";

/// The text up to `end`, which is taken off with it; all of it when there is none.
std::string_view taken_up_to(std::string_view& text, char end) {
    const auto at = text.find(end);
    const auto head = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return head;
}

/// How many segments of the pattern stand in the path as they are; nullopt when it does not fit.
std::optional<int> literal_segments(std::string_view pattern, std::string_view path) {
    int literal = 0;
    while (!pattern.empty() && !path.empty()) {
        const auto expected = taken_up_to(pattern, '/');
        const auto found = taken_up_to(path, '/');
        if (expected == found) {
            ++literal;
        } else if (expected != "{}") {
            return std::nullopt;
        }
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return literal;
}

/// The names of an operation's parameters: "address(city country) email".
std::string_view parameters_of_operation(const CalledOperation& operation) {
    std::string_view text = stripe_tables().back().text;
    std::string_view best;
    int best_literal = -1;
    while (!text.empty()) {
        auto line = taken_up_to(text, '\n');
        if (taken_up_to(line, ' ') != operation.method) continue;
        const auto literal = literal_segments(taken_up_to(line, ' '), operation.path);
        if (!literal || *literal <= best_literal) continue;
        best = line;
        best_literal = *literal;
    }
    return best;
}

/// Takes the next name off `names`, and what stands in brackets behind it.
std::pair<std::string_view, std::string_view> next_name(std::string_view& names) {
    const auto end = std::min(names.find_first_of(" ("), names.size());
    const auto name = names.substr(0, end);
    std::size_t after = end;
    int open = 0;
    do {
        if (after == names.size()) break;
        open += names[after] == '(' ? 1 : names[after] == ')' ? -1 : 0;
        ++after;
    } while (open > 0);
    std::string_view inner;
    if (end < names.size() && names[end] == '(') {
        inner = names.substr(end + 1, after - end - 2);
        if (after < names.size()) ++after;
    }
    names.remove_prefix(after);
    return {name, inner};
}

bool is_position(std::string_view step) {
    return std::ranges::all_of(step, [](char c) { return c >= '0' && c <= '9'; });
}

/// "items[0][price]" -> items, price.
std::vector<std::string_view> steps_of(std::string_view name) {
    std::vector<std::string_view> steps;
    while (!name.empty()) {
        auto step = taken_up_to(name, '[');
        if (step.ends_with(']')) step.remove_suffix(1);
        if (!is_position(step)) steps.push_back(step);
    }
    return steps;
}

bool has_parameter(std::string_view names, std::span<const std::string_view> steps) {
    if (steps.empty()) return true;
    while (!names.empty()) {
        const auto [name, inner] = next_name(names);
        if (name == steps.front() || name == "*") return has_parameter(inner, steps.subspan(1));
    }
    return false;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text = names.front();
    for (std::size_t i = 1; i < names.size(); ++i) text += ", " + names[i];
    return text;
}

}  // namespace

StripeError unknown_parameters(const std::vector<std::string>& names) {
    StripeError error = bad_param(names.front(), "parameter_unknown",
                                  (names.size() == 1 ? "Received unknown parameter: "
                                                     : "Received unknown parameters: ") +
                                      joined(names))
                            .error();
    error.extra[kUnknown] = names;
    return error;
}

bool is_stripe_parameter(const CalledOperation& operation, std::string_view name) {
    const auto steps = steps_of(name);
    return !steps.empty() && has_parameter(parameters_of_operation(operation), steps);
}

bool is_missing_operation(const CalledOperation& operation) {
    std::string_view text = stripe_tables().front().text;
    while (!text.empty()) {
        auto line = taken_up_to(text, '\n');
        if (taken_up_to(line, ' ') == operation.method && literal_segments(line, operation.path))
            return true;
    }
    return false;
}

StripeError without_stripe_parameters(StripeError error, const CalledOperation& operation) {
    if (!error.extra.is_object() || !error.extra.contains(kUnknown)) return error;
    const auto names = error.extra.at(kUnknown).get<std::vector<std::string>>();
    auto unknown = names;
    std::erase_if(unknown, [&](const auto& name) { return is_stripe_parameter(operation, name); });
    if (!unknown.empty()) return unknown_parameters(unknown);
    return bad_param(names.front(), "",
                     "This sandbox does not support " + joined(names) +
                         ", although Stripe does: see docs/sandbox.md.")
        .error();
}

}  // namespace turnpike::twin
