/* Brings a page up to date without losing it: while there is no network, what was read last stays, and says of when.
   Written for phones of 2013. Where it does not run, the page reloads itself or by its link. */
(function () {
  "use strict";
  var seconds = Number(document.getElementById("refresh").getAttribute("data-seconds"));
  var timer = 0;
  var asking = false;

  function put(id, text) {
    var place = document.getElementById(id);
    if (place.textContent !== text) { place.textContent = text; }
  }

  function later() {
    asking = false;
    clearTimeout(timer);
    timer = setTimeout(ask, seconds * 1000);
  }

  function lost() {
    put("notice", "网络不通。下面是 " + document.getElementById("at").textContent + " 的情况,不是现在的;恢复后自动更新。");
    later();
  }

  function show(text) {
    var found;
    try {
      found = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    } catch (unknown) {
      location.reload();
      return;
    }
    if (!found) { lost(); return; }
    document.getElementById("live").innerHTML = found.innerHTML;
    put("notice", "");
    later();
  }

  function ask() {
    var request = new XMLHttpRequest();
    if (asking) { return; }
    asking = true;
    request.open("GET", location.href);
    request.timeout = 15000;
    request.onload = function () { if (request.status === 200) { show(request.responseText); } else { lost(); } };
    request.onerror = request.ontimeout = lost;
    request.send();
  }

  document.addEventListener("DOMContentLoaded", function () {
    put("how", "每 " + seconds + " 秒自动更新。");
    later();
  });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { ask(); } });
  window.addEventListener("online", ask);
}());
