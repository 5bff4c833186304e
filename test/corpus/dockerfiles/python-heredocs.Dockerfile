# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
COPY <<requirements.txt <<-"SETTINGS" /srv/
# mypaas.env = FROM_A_HEREDOC=1
flask==3.1
requirements.txt
	# mypaas.env = FROM_B_HEREDOC=1
	DEBUG = False
	SETTINGS
RUN <<EOF
set -e
# mypaas.port = 1
cat > /tmp/inner <<INNER
# mypaas.port = 2
INNER
pip install -r /srv/requirements.txt
EOF
RUN python - <<'PY' && echo "<<NOT_ONE"
# mypaas.port = 3
print("hello")
PY

# mypaas.service = api.eu
# mypaas.url = https://api.example.com/v1
# mypaas.url = http://status.example.com
FROM python:3.13-slim
ONBUILD RUN <<EOF
# mypaas.port = 4
EOF
COPY --from=build /srv /srv
RUN x=$((1<<4)) && cat <<<"$x" \
  # mypaas.port = 8000
  # mypaas.start-timeout = 2m
  && true
CMD ["flask", "run"]
