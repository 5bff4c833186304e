<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli(getenv("DB_HOST"), "app", getenv("DB_PASSWORD"), "app");
if ($_SERVER["REQUEST_METHOD"] === "POST") {
  $db->query("INSERT INTO visits () VALUES ()");
  file_put_contents("uploads/last.txt", file_get_contents("php://input"));
}
$count = $db->query("SELECT COUNT(*) FROM visits")->fetch_row()[0];
$last = is_file("uploads/last.txt") ? file_get_contents("uploads/last.txt") : "nothing";
header("Content-Type: text/plain");
echo "$count visits, last upload: $last\n";
