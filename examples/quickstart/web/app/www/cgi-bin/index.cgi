#!/bin/sh
# The page: asks the API for the number of visits. httpd runs this for "/".
visits=$(wget -q -O - "$API/cgi-bin/visit") || visits="unknown"
# HTTP ends its header lines with CR LF.
printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
cat <<PAGE
<!doctype html>
<html lang="en">
  <head><title>$TITLE</title></head>
  <body>
    <h1>$TITLE</h1>
    <p>This page was visited <strong>$visits</strong> times.</p>
  </body>
</html>
PAGE
