// Sends the same message COUNT times with net/http, IN_FLIGHT at a time.
// Usage: send URL BODY_FILE COUNT IN_FLIGHT. Prints the CPU microseconds of one message.
// The table is encoded for every message, as a program that has something to say would.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
)

type action struct {
	OpenDirectLink     string `json:"open_direct_link,omitempty"`
	OpenServerLink     *data  `json:"open_server_link,omitempty"`
	GetDynamicAction   *data  `json:"get_dynamic_action,omitempty"`
	OpenPostPage       *post  `json:"open_post_page,omitempty"`
	OpenPostManagePage *post  `json:"open_post_manage_page,omitempty"`
}

type data struct {
	Data map[string]string `json:"data"`
}

type post struct {
	PostToken string `json:"post_token"`
}

type button struct {
	Action  action `json:"action"`
	Icon    string `json:"icon,omitempty"`
	Caption string `json:"caption"`
}

type row struct {
	Buttons []button `json:"buttons"`
}

type grid struct {
	Rows []row `json:"rows"`
}

type message struct {
	Type            string `json:"type"`
	Message         string `json:"message"`
	SenderButtons   *grid  `json:"sender_buttons,omitempty"`
	ReceiverButtons *grid  `json:"receiver_buttons,omitempty"`
}

type result struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

func send(client *http.Client, url string, m *message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	request, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-api-key", "bench-api-key")
	request.Header.Set("Authorization", "Bearer bench-access-token")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	var r result
	return json.NewDecoder(answer.Body).Decode(&r)
}

func sendMessages(client *http.Client, url string, m *message, count, inFlight int) {
	var workers sync.WaitGroup
	for w := 0; w < inFlight; w++ {
		share := count / inFlight
		if w < count%inFlight {
			share++
		}
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := 0; i < share; i++ {
				if err := send(client, url, m); err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	workers.Wait()
}

func cpuMicroseconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: send URL BODY_FILE COUNT IN_FLIGHT")
	}
	count, _ := strconv.Atoi(os.Args[3])
	inFlight, _ := strconv.Atoi(os.Args[4])
	body, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight, MaxIdleConns: inFlight}}
	sendMessages(client, os.Args[1], &m, count/10+1, inFlight)
	before := cpuMicroseconds()
	sendMessages(client, os.Args[1], &m, count, inFlight)
	fmt.Printf("%.3f\n", (cpuMicroseconds()-before)/float64(count))
}
