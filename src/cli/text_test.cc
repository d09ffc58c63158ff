#include "cli/text.h"

#include <gtest/gtest.h>

#include "cli/progress.h"

namespace stretto::cli {
namespace {

TEST(Text, BytesAndTimesTakeTheUnitThatReadsWell) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(10239), "10239 bytes");
  EXPECT_EQ(bytes_text(602112), "588.0 KiB");
  EXPECT_EQ(bytes_text(102236160), "97.5 MiB");
  EXPECT_EQ(bytes_text(size_t{5} << 40), "5.0 TiB");
  EXPECT_EQ(time_text(0.4123), "0.412 ms");
  EXPECT_EQ(time_text(12.34), "12.3 ms");
  EXPECT_EQ(time_text(1840), "1.8 s");
  EXPECT_EQ(time_text(125000), "2 min 5 s");
}

TEST(Text, ShapesAndDecibels) {
  EXPECT_EQ(shape_text({1, 3, -1}), "1x3x?");
  EXPECT_EQ(shape_text({}), "scalar");
  EXPECT_EQ(decibel_text(300), "exact");
  EXPECT_EQ(decibel_text(41.26), "41.3");
}

TEST(Text, NamesFromFilesStayOnOneLine) {
  EXPECT_EQ(one_line("a\nb\x1b[31m"), "a b [31m");
}

TEST(Table, AlignsByCharactersNotBytes) {
  Table table({"name", "ms"}, {Table::Align::left, Table::Align::right});
  table.add({"é", "1"});
  table.add({"abcdef", "10.5"});
  EXPECT_EQ(table.text(), "  name      ms\n  é          1\n  abcdef  10.5\n");
}

TEST(Table, CutsLongCellsInTheMiddle) {
  Table table({"n"}, {Table::Align::left});
  table.add({"abcdefghij"});
  table.add({"ééééééé"});
  EXPECT_EQ(table.text(5, ""), "n\nab…ij\néé…éé\n");
}

TEST(Progress, BarFitsTheTerminal) {
  EXPECT_EQ(bar_text("verify", 0.5, 8, "", 80), "[############------------]  50 %  verify  8.0 s left");
  EXPECT_EQ(bar_text("time tactics", 2, 0, "conv 64→64", 30).size(), 29u);
  for (int columns = 1; columns < 80; ++columns) {
    const std::string text = bar_text("s", 0.1, 1, "→→→→→→→→→→→→→→→→", columns);
    EXPECT_LT(text.size(), static_cast<size_t>(std::max(2, columns)));
  }
}

}  // namespace
}  // namespace stretto::cli
