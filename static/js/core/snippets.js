/**
 * Ready-made code with which a device sends its readings to this server: one example for each kind of device.
 *
 * `examples({url, device, token, mqtt})` -> [{id, name, text, notes}]: `url` is http(s)://HOST[:PORT], `mqtt` the broker
 * as {host, port} or null. Each text is complete: what has to be filled in by hand (Wi-Fi, pins) says so in it.
 */
import { t } from "telltale/core/words.js";

/** A word for a POSIX shell. */
export const shell = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
/** A string literal of C, Python and YAML: the escapes of JSON are understood by all of them. */
export const quoted = (text) => JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
/** The name of a device as a user of the broker. */
export const brokerUser = (device) => device.replaceAll("%", "%25").replaceAll(":", "%3A");

const curl = ({ url, token }) => `curl ${shell(`${url}/api/ingest`)} \\
  -H "Authorization: Bearer ${token}" \\
  -H "Content-Type: application/json" \\
  -d '{"temperature": 21.5}'
`;

const python = ({ url, token }) => `import json
import time
import urllib.request

URL = ${quoted(`${url}/api/ingest`)}
TOKEN = ${quoted(token)}


def send(values):
    request = urllib.request.Request(URL, json.dumps(values).encode())
    request.add_header("Authorization", "Bearer " + TOKEN)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


while True:
    print(send({"temperature": 21.5}), flush=True)  # your sensor here
    time.sleep(10)
`;

const micropython = ({ url, token }) => `# main.py; Wi-Fi is joined in boot.py
import time
import requests

URL = ${quoted(`${url}/api/ingest`)}
HEADERS = {"Authorization": ${quoted(`Bearer ${token}`)}}

while True:
    try:
        answer = requests.post(URL, json={"temperature": 21.5}, headers=HEADERS)  # your sensor here
        print(answer.status_code, answer.text)
        answer.close()
    except OSError as error:
        print("not sent:", error)
    time.sleep(10)
`;

const circuitpython = ({ url, token }) => `# code.py; Wi-Fi is in settings.toml (CIRCUITPY_WIFI_SSID, CIRCUITPY_WIFI_PASSWORD)
import time
import adafruit_connection_manager
import adafruit_requests
import wifi

pool = adafruit_connection_manager.get_radio_socketpool(wifi.radio)
ssl = adafruit_connection_manager.get_radio_ssl_context(wifi.radio)
requests = adafruit_requests.Session(pool, ssl)
URL = ${quoted(`${url}/api/ingest`)}
HEADERS = {"Authorization": ${quoted(`Bearer ${token}`)}}

while True:
    with requests.post(URL, json={"temperature": 21.5}, headers=HEADERS) as answer:  # your sensor here
        print(answer.status_code, answer.text)
    time.sleep(10)
`;

const arduino = ({ url, token }) => `// ESP32. On an ESP8266 include ESP8266WiFi.h and ESP8266HTTPClient.h,
// and begin with: WiFiClient client; http.begin(client, URL);
#include <WiFi.h>
#include <HTTPClient.h>

const char* URL = ${quoted(`${url}/api/ingest`)};
const char* TOKEN = ${quoted(token)};

void setup() {
  Serial.begin(115200);
  WiFi.begin("YOUR WI-FI", "ITS PASSWORD");
  while (WiFi.status() != WL_CONNECTED) delay(200);
}

void loop() {
  float temperature = 21.5;  // your sensor here
  HTTPClient http;
  http.begin(URL);
  http.addHeader("Authorization", String("Bearer ") + TOKEN);
  http.addHeader("Content-Type", "application/json");
  int status = http.POST(String("{\\"temperature\\": ") + String(temperature, 2) + "}");
  Serial.println(status);
  http.end();
  delay(10000);
}
`;

const espidf = ({ url, token }) => `// after Wi-Fi is connected; CMakeLists.txt: REQUIRES esp_http_client esp-tls
#include <stdio.h>
#include <string.h>
#include "esp_http_client.h"
#include "esp_log.h"

static void send_temperature(float temperature) {
  char body[48];
  snprintf(body, sizeof body, "{\\"temperature\\": %.2f}", temperature);
  esp_http_client_config_t config = {
    .url = ${quoted(`${url}/api/ingest`)},
    .method = HTTP_METHOD_POST,
    .timeout_ms = 10000,
  };
  esp_http_client_handle_t client = esp_http_client_init(&config);
  esp_http_client_set_header(client, "Authorization", ${quoted(`Bearer ${token}`)});
  esp_http_client_set_header(client, "Content-Type", "application/json");
  esp_http_client_set_post_field(client, body, strlen(body));
  esp_err_t error = esp_http_client_perform(client);
  ESP_LOGI("telltale", "%s, status %d", esp_err_to_name(error), esp_http_client_get_status_code(client));
  esp_http_client_cleanup(client);
}
`;

const esphome = ({ url, token }) => `# id: my_sensor is the sensor of yours that is to be sent
http_request:
  timeout: 10s
  verify_ssl: ${url.startsWith("https:")}

interval:
  - interval: 10s
    then:
      - http_request.post:
          url: ${quoted(`${url}/api/ingest`)}
          request_headers:
            Authorization: ${quoted(`Bearer ${token}`)}
            Content-Type: application/json
          json: |-
            root["temperature"] = id(my_sensor).state;
`;

/** Ids that stay one word in Tasmota's console, where a semicolon begins another command. */
const PLAIN = /^[\w.%/-]+$/;

const tasmota = ({ url, device, token, mqtt }) =>
  mqtt && PLAIN.test(brokerUser(device))
    ? `Backlog MqttHost ${mqtt.host}; MqttPort ${mqtt.port}; MqttUser ${brokerUser(device)}; MqttPassword ${token}; TelePeriod 10
`
    : `Rule1 ON Tele-DS18B20#Temperature DO WebQuery ${url}/api/ingest POST [Authorization: Bearer ${token}|Content-Type: application/json] {"temperature":%value%} ENDON
Rule1 1
TelePeriod 10
`;

const homeassistant = ({ url, token }) => `# configuration.yaml
rest_command:
  telltale:
    url: ${quoted(`${url}/api/ingest`)}
    method: post
    headers:
      authorization: ${quoted(`Bearer ${token}`)}
    content_type: application/json
    payload: '{"temperature": {{ value }}}'

automation:
  - alias: Send the temperature to Telltale
    triggers:
      - trigger: state
        entity_id: sensor.my_sensor
    conditions: "{{ is_number(trigger.to_state.state) }}"
    actions:
      - action: rest_command.telltale
        data:
          value: "{{ trigger.to_state.state }}"
`;

const mqttPub = ({ device, token, mqtt }) =>
  `mosquitto_pub -h ${shell(mqtt?.host ?? "BROKER")} -p ${mqtt?.port ?? 1883} -q 1 \\
  -u ${shell(brokerUser(device))} -P ${shell(token)} \\
  -t ${shell(`telltale/${device}/readings`)} -m '{"temperature": 21.5}'
`;

/** All examples for one device, in the order in which they are offered. */
export function examples(about) {
  const { mqtt } = about;
  return [
    { id: "curl", name: "curl", text: curl(about), notes: t("One reading from a terminal, to see that it works.") },
    { id: "python", name: "Python", text: python(about), notes: t("Python 3 alone, no packages.") },
    { id: "micropython", name: "MicroPython", text: micropython(about), notes: t("Boards with Wi-Fi, firmware 1.22 or later.") },
    { id: "circuitpython", name: "CircuitPython", text: circuitpython(about), notes: t("Needs adafruit_requests and adafruit_connection_manager: circup install both.") },
    { id: "arduino", name: "Arduino", text: arduino(about), notes: t("Fill in your Wi-Fi; the libraries come with the board.") },
    { id: "espidf", name: "ESP-IDF", text: espidf(about), notes: t("Call it after Wi-Fi is connected.") },
    { id: "esphome", name: "ESPHome", text: esphome(about), notes: t("Append it to the device's configuration, and give your sensor the id my_sensor.") },
    {
      id: "tasmota",
      name: "Tasmota",
      text: tasmota(about),
      notes: mqtt
        ? t("Type it into the console of the device. The broker has to let it write its topics.")
        : t("Type it into the console of the device; name your own sensor in place of DS18B20."),
    },
    { id: "homeassistant", name: "Home Assistant", text: homeassistant(about), notes: t("Sends an entity of Home Assistant whenever it changes.") },
    {
      id: "mqtt",
      name: "MQTT",
      text: mqttPub(about),
      notes: mqtt
        ? t("User and password are the device's id and its token, once the broker knows them.")
        : t("This server has no broker yet: set [mqtt] url or embedded first."),
    },
  ];
}

/** What a QR code tells the program that a phone or a board scans it with: JSON on one line. */
export const provisioning = ({ url, device, token }) =>
  JSON.stringify({ url: `${url.replace(/^http/, "ws")}/ws/device`, device, token });
