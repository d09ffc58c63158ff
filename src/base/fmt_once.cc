// fmt's own functions, compiled here and nowhere else: header-only, every file that formats would compile them anew,
// five of its seven seconds. Distributions ship them as a shared library alone, which a plan's machine may not have.
#ifndef FMT_HEADER_ONLY  // of a version whose functions this file does not know
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
template dragonbox::decimal_fp<float> dragonbox::to_decimal(float x) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double x) noexcept;
template locale_ref::locale_ref(const std::locale& loc);
template std::locale locale_ref::get<std::locale>() const;
template thousands_sep_result<char> thousands_sep_impl(locale_ref loc);
template char decimal_point_impl(locale_ref loc);
template void buffer<char>::append(const char* begin, const char* end);
template void vformat_to(buffer<char>& to, string_view format, basic_format_args<buffer_context<char>> args,
                         locale_ref loc);
}  // namespace detail
FMT_END_NAMESPACE
#endif
